/** Why a cluster did not come up: each missing part with its reason and the last lines of its log. */
import { existsSync, readFileSync } from 'node:fs';
import type { NotReady } from './await-ready.ts';

const LINES = 8;
const LOGS_SHOWN = 4;
const COLUMNS = 300;

/** The report; `logFile` says where a node's log is. */
export function failureReport(
  missing: readonly NotReady[],
  limitMs: number,
  logFile: (node: string) => string,
): string {
  const lines = [
    `not ready after ${limitMs / 1000} s:`,
    ...missing.map(({ name, why }) => `  ${name}: ${why}`),
  ];
  const files = [...new Set(missing.map(({ name }) => logFile(name)))].filter((file) => existsSync(file));
  for (const file of files.slice(0, LOGS_SHOWN)) {
    lines.push('', `last lines of ${file}:`, ...lastLines(file).map((line) => `  ${line.slice(0, COLUMNS)}`));
  }
  if (files.length > LOGS_SHOWN) lines.push('', `further logs: ${files.slice(LOGS_SHOWN).join(', ')}`);
  return lines.join('\n');
}

function lastLines(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LINES);
}
