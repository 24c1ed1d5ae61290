/** `holdfast history`: the numbered records of an account, oldest first. */
import { Command } from 'commander';
import { z } from 'zod';
import { createApiClient, goodBody } from '../api-client.ts';
import { configOption, type Place, readPlace, stateOption, wholeNumber } from '../options.ts';
import { table } from '../status/table.ts';

type HistoryOptions = Place & {
  readonly account: string;
  readonly after: number;
  readonly limit: number;
  readonly json?: true;
};

const pageSchema = z.looseObject({
  records: z.array(z.looseObject({ number: z.number(), kind: z.string() })),
});

const PAGE = 1000;
const LIMIT = 100;

/** The command. */
export function historyCommand(): Command {
  return new Command('history')
    .description('show the records of an account, numbered without gaps')
    .addOption(stateOption())
    .addOption(configOption())
    .requiredOption('--account <account>', 'account whose records are shown')
    .option('--after <number>', 'only what comes after this number', wholeNumber, 0)
    .option('--limit <count>', 'at most so many', wholeNumber, LIMIT)
    .option('--json', 'for programs: one JSON object a line')
    .action(async (options: HistoryOptions) => {
      const records = await readRecords(options);
      const lines = options.json
        ? records.map((record) => JSON.stringify(record))
        : table(HEADING, records.map(row)).map((line) => line);
      process.stdout.write(lines.length === 0 ? '' : `${lines.join('\n')}\n`);
    });
}

type Row = z.output<typeof pageSchema>['records'][number];

async function readRecords({ account, after, limit, ...place }: HistoryOptions): Promise<readonly Row[]> {
  const client = createApiClient(readPlace(place).configuration);
  const records: Row[] = [];
  while (records.length < limit) {
    const from = records.at(-1)?.number ?? after;
    const count = Math.min(PAGE, limit - records.length);
    const path = `/v1/accounts/${encodeURIComponent(account)}/records?after=${from}&limit=${count}`;
    const page = pageSchema.parse(goodBody(await client.get(path)));
    records.push(...page.records);
    if (page.records.length < count) break;
  }
  return records;
}

const HEADING = ['number', 'time', 'kind', 'signal', 'what', 'outcome', 'reason', 'volume', 'price'];

function row(record: Row): string[] {
  const text = (name: string): string => {
    const value = record[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const at = Number(record['at']);
  return [
    String(record.number),
    Number.isFinite(at) ? new Date(at).toISOString() : '',
    record.kind,
    text('signalId'),
    [text('action'), text('side'), text('symbol')].filter((word) => word !== '').join(' '),
    text('outcome') || text('state'),
    text('reason') || text('cause'),
    text('filledVolume') || text('volume'),
    text('price'),
  ];
}
