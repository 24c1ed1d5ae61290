/** For tests: an acknowledged writer that answers as it is told and remembers what it was asked. */
import type { Command, RedisReply } from '@holdfast/ha-core';
import type { AcknowledgedWriter, FunctionCall, ReadOutcome, WriteOutcome } from '@holdfast/redis';

export type FakeWriter = AcknowledgedWriter & {
  readonly writes: FunctionCall[];
  /** What the next writes are answered; the default accepts. */
  answer: (call: FunctionCall) => WriteOutcome | Promise<WriteOutcome>;
  /** What each command of a read is answered; the default is null. */
  reply: (command: Command) => RedisReply;
  /** What a whole read is answered instead, when set. */
  unavailable: string | undefined;
};

export const ACCEPTED_AT = 1_700_000_000_000;

export function createFakeWriter(): FakeWriter {
  const writes: FunctionCall[] = [];
  const fake: FakeWriter = {
    writes,
    answer: (call) => ({
      is: 'acknowledged',
      reply:
        call.name === 'hf_alert'
          ? ['first', call.args[1] ?? '', String(ACCEPTED_AT)]
          : call.name === 'hf_known'
            ? ['never']
            : ['accepted', String(ACCEPTED_AT), '1-0'],
    }),
    reply: () => null,
    unavailable: undefined,
    write: async (call) => {
      writes.push(call);
      return fake.answer(call);
    },
    writeUntil: (call) => fake.write(call),
    onPrimary: () => () => undefined,
    read: (commands): Promise<ReadOutcome> =>
      Promise.resolve(
        fake.unavailable === undefined
          ? { is: 'acknowledged', replies: commands.map((command) => fake.reply(command)) }
          : { is: 'unavailable', detail: fake.unavailable },
      ),
    view: () => ({
      primary: 'a:1',
      inSync: ['b:1'],
      record: { term: 1, change: 1, primary: 'a:1', members: ['b:1'], writes: 1 },
      level: 'full',
      waiting: 0,
      lastAcknowledgedAtMs: 0,
    }),
    stop: () => Promise.resolve(),
  };
  return fake;
}
