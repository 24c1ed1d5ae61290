/**
 * The pages of docs/ that are made from code, so that a number or a field is written down once. `npm run documents`
 * writes them; pages.test.ts fails when one is out of date.
 */
import { configurationPage } from './configuration-page.ts';
import { constantsPage } from './constants-page.ts';

export type Page = { readonly file: URL; readonly text: () => string };

const docs = new URL('../../../docs/', import.meta.url);

export const PAGES: readonly Page[] = [
  { file: new URL('constants.md', docs), text: constantsPage },
  { file: new URL('configuration.md', docs), text: configurationPage },
];
