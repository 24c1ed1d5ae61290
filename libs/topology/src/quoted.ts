/** Values as Redis's configuration files take them. */

/** A value in Redis's own quotes. Throws for control characters. */
export function quoted(what: string, value: string): string {
  if (/\p{Cc}/u.test(value)) throw new Error(`the ${what} has control characters, expected plain text`);
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
