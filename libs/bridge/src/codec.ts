/**
 * One line of the bridge protocol to and from `{ verb, fields }`. Strict on purpose: what two ends could read
 * differently is refused, so that a line means one thing or closes the session (docs/bridge-protocol.md).
 */

export type Line = { readonly verb: string; readonly fields: Readonly<Record<string, string>> };

export type DecodedLine =
  | { readonly is: 'line'; readonly line: Line }
  | { readonly is: 'bad'; readonly why: string };

/** Longest line of the protocol, in characters, without its line break. */
export const LINE_MAX = 4096;
/** Most fields of one line. */
export const FIELDS_MAX = 48;

const VERB = /^[A-Z]{1,16}$/;
const KEY = /^[a-z][a-z0-9_]{0,31}$/;
const PLAIN = /^[A-Za-z0-9._:+/,-]*$/;
const ESCAPED = /^(?:[A-Za-z0-9._:+/,-]|%[0-9A-F]{2})*$/;

/**
 * Writes a line. Fields that are undefined are left out. Values are any text; they travel as the percent-encoded
 * bytes of its UTF-8. Throws a RangeError for a verb or key out of form, or when the line is longer than LINE_MAX:
 * the caller made a line that no peer would take.
 */
export function encodeLine(verb: string, fields: Readonly<Record<string, string | undefined>>): string {
  if (!VERB.test(verb)) throw new RangeError(`not a verb: ${JSON.stringify(verb)}`);
  let text = verb;
  for (const key in fields) {
    const value = fields[key];
    if (value === undefined) continue;
    if (!KEY.test(key)) throw new RangeError(`not a key: ${JSON.stringify(key)}`);
    text += ` ${key}=${PLAIN.test(value) ? value : encodeValue(value)}`;
  }
  if (text.length > LINE_MAX) throw new RangeError(`${verb} would be ${text.length} characters long`);
  return text;
}

/** Reads a line; never throws. The reason names the place that is wrong, not the whole line. */
export function decodeLine(text: string): DecodedLine {
  if (text.length > LINE_MAX) return bad(`${text.length} characters, more than ${LINE_MAX}`);
  const parts = text.split(' ');
  const verb = parts[0] ?? '';
  if (!VERB.test(verb)) return bad(`not a verb: ${shown(verb)}`);
  if (parts.length - 1 > FIELDS_MAX) return bad(`${parts.length - 1} fields, more than ${FIELDS_MAX}`);
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let place = 1; place < parts.length; place += 1) {
    const part = parts[place] ?? '';
    const cut = part.indexOf('=');
    if (cut < 0) return bad(`field ${place} of ${verb} has no "=": ${shown(part)}`);
    const key = part.slice(0, cut);
    if (!KEY.test(key)) return bad(`not a key in ${verb}: ${shown(key)}`);
    if (key in fields) return bad(`${key} twice in ${verb}`);
    const value = decodeValue(part.slice(cut + 1));
    if (value === undefined) return bad(`${key} of ${verb} is not percent-encoded as it should be`);
    fields[key] = value;
  }
  return { is: 'line', line: { verb, fields } };
}

const bad = (why: string): DecodedLine => ({ is: 'bad', why });

const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);

function encodeValue(value: string): string {
  let text = '';
  for (const byte of Buffer.from(value.toWellFormed(), 'utf8')) {
    const character = String.fromCharCode(byte);
    text +=
      byte < 0x80 && PLAIN.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for what encodeValue would not have written: lower-case hex, plain characters escaped, broken UTF-8. */
function decodeValue(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  if (!ESCAPED.test(text)) return undefined;
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '%') {
      bytes.push(Number.parseInt(text.slice(at + 1, at + 3), 16));
      at += 2;
    } else {
      bytes.push(text.charCodeAt(at));
    }
  }
  let value: string;
  try {
    value = utf8.decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
  return encodeValue(value) === text ? value : undefined;
}
