/** What the backend needs of a log: pino's four levels, fields first. `signalId` is on every line that concerns one. */
type Line = (fields: Readonly<Record<string, unknown>>, message: string) => void;

export type Log = { readonly debug: Line; readonly info: Line; readonly warn: Line; readonly error: Line };
