/** For tests: a log that keeps its lines instead of writing them. */
import type { Log } from '../log.ts';

export type KeptLine = {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
};

export function silentLog(): Log & { readonly lines: KeptLine[] } {
  const lines: KeptLine[] = [];
  const at =
    (level: keyof Log) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      lines.push({ level, message, fields });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
