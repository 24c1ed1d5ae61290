/** One finding of the doctor. */
export type Check = {
  readonly result: 'ok' | 'warn' | 'fail';
  /** What was looked at. */
  readonly about: string;
  readonly found: string;
  /** What to do; empty when all is well. */
  readonly advice: string;
};

/** A finding without anything to do. */
export const ok = (about: string, found: string): Check => ({ result: 'ok', about, found, advice: '' });
/** A finding that costs safety or speed. */
export const warn = (about: string, found: string, advice: string): Check => ({
  result: 'warn',
  about,
  found,
  advice,
});
/** A finding that must be mended. */
export const fail = (about: string, found: string, advice: string): Check => ({
  result: 'fail',
  about,
  found,
  advice,
});
