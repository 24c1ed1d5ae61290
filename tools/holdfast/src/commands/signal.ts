/** `holdfast signal send|show`: a signal over the API, and what became of one. */
import { Command, Option } from 'commander';
import { createApiClient, goodBody } from '../api-client.ts';
import { configOption, type Place, readPlace, stateOption, wholeNumber } from '../options.ts';

type SignalPlace = Place & { readonly account: string; readonly id: string };
type SendOptions = SignalPlace & Readonly<Record<string, string | number>>;

/** The command with its two verbs. */
export function signalCommand(): Command {
  return new Command('signal')
    .description('send a signal, or show what became of one')
    .addCommand(sendCommand())
    .addCommand(showCommand());
}

function sendCommand(): Command {
  const command = new Command('send')
    .description('ask for a trade; the same id never trades twice, so repeating the command is safe')
    .addOption(stateOption())
    .addOption(configOption())
    .requiredOption('--account <account>', 'account to trade on')
    .requiredOption('--id <id>', 'id of the signal, yours to choose, once per account')
    .addOption(
      new Option('--action <action>', 'what to do')
        .choices(['open', 'close', 'modify', 'cancel'])
        .makeOptionMandatory(),
    )
    .requiredOption('--symbol <symbol>', 'symbol as the broker names it, such as EURUSD')
    .addOption(new Option('--side <side>', 'side of the order').choices(['buy', 'sell']))
    .addOption(new Option('--type <type>', 'type of the order').choices(['market', 'limit', 'stop']))
    .option('--volume <lots>', 'volume in lots, such as 0.10')
    .option('--price <price>', 'price of a limit or stop order')
    .option('--stop-loss <price>', 'price of the stop loss, 0 for none')
    .option('--take-profit <price>', 'price of the take profit, 0 for none')
    .option('--stop-loss-points <points>', 'stop loss as a distance in points', wholeNumber)
    .option('--take-profit-points <points>', 'take profit as a distance in points', wholeNumber)
    .option('--deviation-points <points>', 'largest slippage', wholeNumber)
    .option('--ttl-ms <ms>', 'time to live in milliseconds', wholeNumber)
    .option('--position <ticket>', 'position to close or modify')
    .option('--order <ticket>', 'pending order to modify or cancel')
    .option('--strategy <name>', 'note kept with the signal');
  return command.action(async (options: SendOptions) => {
    const { state: _state, config: _config, account, ...signal } = options;
    const client = createApiClient(readPlace(options).configuration);
    const path = `/v1/accounts/${encodeURIComponent(account)}/signals`;
    print(goodBody(await client.post(path, signal)));
  });
}

function showCommand(): Command {
  return new Command('show')
    .description('show a signal: its state and every step')
    .addOption(stateOption())
    .addOption(configOption())
    .requiredOption('--account <account>', 'account of the signal')
    .requiredOption('--id <id>', 'id of the signal')
    .action(async ({ account, id, ...place }: SignalPlace) => {
      const client = createApiClient(readPlace(place).configuration);
      const path = `/v1/accounts/${encodeURIComponent(account)}/signals/${encodeURIComponent(id)}`;
      print(goodBody(await client.get(path)));
    });
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
