/** docs/constants.md: the table of numbers of ha-core, with both profiles, and the numbers that no profile changes. */
import { LIMITS, TABLE } from '@holdfast/ha-core';
import { table } from './table.ts';

/** The page. */
export function constantsPage(): string {
  const rows = Object.entries(TABLE).map(([name, { seed, fast, unit, section, reason }]) => [
    `\`${name}\``,
    String(seed),
    String(fast),
    unit,
    section,
    reason,
  ]);
  const limits = Object.entries(LIMITS).map(([name, value]) => [`\`${name}\``, String(value)]);
  return `# Constants

Made from \`libs/ha-core/src/constants.ts\` by \`npm run documents\`; change them there.

## Profiles

\`fast\` is the default and is made for the promised recovery times. \`seed\` has the numbers of the original
requirements unchanged; "section" is their numbering.

${table(['name', 'seed', 'fast', 'unit', 'section', 'why'], rows)}

## Limits

The same in every profile. The end of the name is the unit; the reason of each stands beside it in the source.

${table(['name', 'value'], limits)}
`;
}
