/** Turns what a read of the records may throw into the answer for the client. */
import { FeedUnavailable, RecordsBroken } from '@holdfast/redis';
import { notReadable } from './account.ts';
import { Refusal } from './answers.ts';

/** The value, or the Refusal that says why it could not be read. */
export async function orRefuse<Value>(reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof FeedUnavailable) throw notReadable(error.message);
    if (!(error instanceof RecordsBroken)) throw error;
    if (error.code === 'behind') {
      throw new Refusal(422, 'invalid_query', 'there is no such record yet', [
        {
          field: 'after',
          value: String(error.expected),
          expected: `at most ${error.found}, the last number given`,
        },
      ]);
    }
    throw new Refusal(500, 'records_broken', error.message);
  }
}
