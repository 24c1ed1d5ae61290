/** What is wrong with a configuration: every fault with its place, so that one look at the message mends them all. */

export type Fault = {
  /** Place in the file: `accounts[0].terminals[1].role`; empty for the file as a whole. */
  readonly path: string;
  /** Line in the file, from 1, where one is known. */
  readonly line?: number;
  /** What was found and what was expected. Never the content of a secret. */
  readonly message: string;
};

/** A file that is no configuration at all must not flood the terminal. */
const FAULTS_SHOWN_MAX = 50;

/** The configuration, or a secret file that it names, cannot be used. `faults` holds each reason by itself. */
export class ConfigurationError extends Error {
  readonly file: string;
  readonly faults: readonly Fault[];
  constructor(file: string, faults: readonly Fault[], options?: ErrorOptions) {
    const further = faults.length - FAULTS_SHOWN_MAX;
    const lines = faults.slice(0, FAULTS_SHOWN_MAX).map(faultText);
    if (further > 0) lines.push(`  and ${further} more`);
    super([`${file} cannot be used:`, ...lines].join('\n'), options);
    this.name = 'ConfigurationError';
    this.file = file;
    this.faults = faults;
  }
}

function faultText(fault: Fault): string {
  const place = [fault.line === undefined ? '' : `line ${fault.line}`, fault.path].filter(
    (part) => part !== '',
  );
  return place.length === 0 ? `  ${fault.message}` : `  ${place.join(', ')}: ${fault.message}`;
}

/** `['accounts', 0, 'role']` → `accounts[0].role`. Keys that are no plain word are quoted. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(shortened(String(part)))}]`;
  }
  return text;
}

const SECRET_NAME = /secret|token|password|key|proof/i;
const SHOWN_CHARACTERS_MAX = 60;

/** A value as a message may show it: shortened, lists and mappings by their kind, nothing that may be a secret. */
export function valueText(path: readonly PropertyKey[], value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  if (SECRET_NAME.test(String(path.at(-1) ?? ''))) return 'a value that is not shown';
  if (typeof value === 'string')
    return JSON.stringify(shortened(value.replace(/\/\/[^/@]*@/, '//[hidden]@')));
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'something else';
}

function shortened(text: string): string {
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}…`;
}
