/**
 * A change alarm: the stacks of both examples, as Terraform will read them, beside what they were. Long texts stand as their
 * hash. When a change is meant, `npx vitest run --project unit infra/cdktf/ --update` writes them anew.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { changedExample, EXAMPLES, stackTexts } from './testing/example.ts';

const LONG = 120;

it.each(EXAMPLES)('the stacks of %s', async (example) => {
  const environment = changedExample(example);
  const shown = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    if (value.startsWith(environment.state)) return value.replace(environment.state, 'STATE');
    if (value.length <= LONG) return value;
    const hash = createHash('sha256').update(value).digest('hex').slice(0, 16);
    return `${/^\w+=/.exec(value)?.[0] ?? ''}${value.length} characters, sha256 ${hash}`;
  };
  const lines = [...stackTexts(environment)].flatMap(([part, { resource, ...others }]) => [
    `${part} ${JSON.stringify(others, shown)}`,
    ...Object.entries(resource).flatMap(([type, all]) =>
      Object.entries(all ?? {}).flatMap(([name, fields]) => [
        `${part} ${type} ${name}`,
        ...Object.entries(fields).map(([field, value]) => `  ${field}: ${JSON.stringify(value, shown)}`),
      ]),
    ),
  ]);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`./testing/${example}.stacks.snap`);
});
