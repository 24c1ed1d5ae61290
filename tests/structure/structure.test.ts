/** Every check, on this tree. What each check finds is shown by planted trees in the tests beside the checks. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkForm } from './checks/form.ts';
import { checkPackages } from './checks/packages.ts';
import { checkPurity } from './checks/purity.ts';
import { checkDocComments, checkKeys, checkNamedTests, checkPlaces } from './checks/words.ts';
import { type Check, readTree } from './tree.ts';

const tree = readTree(fileURLToPath(new URL('../../', import.meta.url)));

const CHECKS: Readonly<Record<string, Check>> = {
  'imports, package.json and layers agree': checkPackages,
  'rules and loops take time and chance from outside': checkPurity,
  'files are short, opened by a comment, well named and without leftovers': checkForm,
  'exported functions of the libraries say what they do': checkDocComments,
  'tests that documents name exist': checkNamedTests,
  'key names are made in one place': checkKeys,
  'nothing names one machine or one registry': checkPlaces,
};

describe('this tree', () => {
  it('is the whole tree', () => {
    expect(tree.paths).toContain('libs/ha-core/src/constants.ts');
    expect(tree.paths).toContain('package-lock.json');
    expect(tree.paths.length).toBeGreaterThan(60);
  });

  it.each(Object.entries(CHECKS))('%s', (_name, check) => {
    const lines = check(tree).map(({ path, says }) => `${path} ${says}`);
    expect(lines.join('\n')).toBe('');
  });
});
