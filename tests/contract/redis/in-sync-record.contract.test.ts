/** The in-sync record and its changes, on the simulated Redis and on the real one: what a claim needs, who joins and leaves, and who is late (I1). */
import { type InSyncRecord, NO_RECORD, type RedisNode } from '@holdfast/ha-core';
import {
  claimCall,
  claimedRecord,
  endpointName,
  excludeCall,
  type FunctionCall,
  functionCommand,
  joinCall,
  parseChange,
  readRecordAt,
} from '@holdfast/redis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAt, type RedisSide, SIDES } from './redis-side.ts';

describe.each(SIDES)('the in-sync record, %s', (_, start) => {
  let side: RedisSide;
  let node: RedisNode;
  beforeEach(async () => {
    side = await start();
    node = await openAt(side, 0);
  });
  afterEach(() => side.stop());

  const name = (index: number): string => {
    const endpoint = side.endpoints[index];
    if (endpoint === undefined) throw new Error(`no node ${index}`);
    return endpointName(endpoint);
  };
  const read = (): Promise<InSyncRecord> => side.drive(readRecordAt(node, 2000));
  const change = async (call: FunctionCall): Promise<{ made: boolean; record: InSyncRecord }> => {
    const [reply] = await side.drive(node.run([functionCommand(call)], 2000));
    const changed = parseChange(reply);
    if (changed === undefined) throw new Error(`no change: ${String(reply)}`);
    return changed;
  };
  const claimed = (): Promise<InSyncRecord> => side.drive(claimedRecord(node, name(0), 2000));
  /** As a node finds it that was promoted: the record of the primary before it. */
  const promotedWith = async (members: readonly string[]): Promise<void> => {
    const record = ['term', '5', 'change', '3', 'primary', '10.0.0.9:1', 'members', members.join(' ')];
    await side.drive(node.run([['HSET', 'hf:in-sync', ...record]], 2000));
  };

  test('the first to join claims with it, and the next joins after it', async () => {
    expect(await claimed()).toEqual(NO_RECORD);
    const first = await change(joinCall(NO_RECORD, name(0), name(1)));
    expect(first).toEqual({
      made: true,
      record: { term: 1, change: 0, primary: name(0), members: [name(1)], writes: 1 },
    });
    const second = await change(joinCall(first.record, name(0), name(2)));
    expect(second.record).toMatchObject({ term: 1, change: 1, members: [name(1), name(2)].sort() });
  });

  test('whoever is promoted claims once a member follows, and the members stay', async () => {
    await promotedWith([name(0), name(1)].sort());
    expect(await claimed()).toMatchObject({
      term: 6,
      change: 0,
      primary: name(0),
      members: [name(0), name(1)].sort(),
    });
    expect((await claimed()).term).toBe(6);
  });

  test('nobody claims where no member follows: it would outrank a primary that acknowledges', async () => {
    await promotedWith([name(0), '10.0.0.8:1']);
    expect(await claimed()).toMatchObject({ term: 5, change: 3, primary: '10.0.0.9:1' });
    const { made, record } = await change(joinCall(await read(), name(0), name(2)));
    expect(made).toBe(true);
    const members = [name(0), '10.0.0.8:1', name(2)].sort();
    expect(record).toMatchObject({ term: 6, change: 0, primary: name(0), members });
  });

  test('a change of a record that is another by now is not made, and counts as a write all the same', async () => {
    await promotedWith([name(1)]);
    const old = await read();
    const { record } = await change(joinCall(old, name(0), name(2)));
    for (const late of [
      joinCall(old, name(0), name(1)),
      claimCall(old, name(1)),
      excludeCall({ ...record, change: 7 }, name(1)),
    ]) {
      const before = await read();
      expect(await change(late)).toEqual({ made: false, record: { ...before, writes: before.writes + 1 } });
    }
  });

  test('a member leaves; one that joins again makes a change of its own', async () => {
    const { record } = await change(joinCall(NO_RECORD, name(0), name(1)));
    const again = await change(joinCall(record, name(0), name(1)));
    expect(again).toMatchObject({ made: true, record: { change: 1, members: [name(1)] } });
    const left = await change(excludeCall(again.record, name(1)));
    expect(left).toMatchObject({ made: true, record: { term: 1, change: 2, members: [] } });
  });

  test('a person may put the term above all that anybody has seen', async () => {
    await promotedWith([name(0)]);
    expect(await change(claimCall(await read(), name(0), 40))).toMatchObject({
      made: true,
      record: { term: 40, change: 0, primary: name(0) },
    });
  });
});
