/** Real failovers by real Sentinels, as the user that Sentinel has, in the clear and over TLS: nothing that it needs is missing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Endpoint, RedisNodes, RedisReply } from '@holdfast/ha-core';
import { parseRole } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sentinelFileFits } from './sentinel-conf.ts';
import { makeCertificates } from './testing/certificates.ts';
import { ask, type RealTrio, startTrio, trioFolder, until } from './testing/real-trio.ts';
import { as, PASSWORDS, run } from './testing/users.ts';

describe.each(['in the clear', 'over TLS'])('with users, %s', (how) => {
  let trio: RealTrio;
  let warden: RedisNodes;
  beforeAll(async () => {
    const folder = trioFolder();
    const tls = how === 'over TLS' ? makeCertificates(join(folder, 'certificates'), '127.0.0.1') : undefined;
    warden = as('warden', tls === undefined ? undefined : readFileSync(tls.caFile, 'utf8'));
    const secrets = { users: PASSWORDS, ...(tls === undefined ? {} : { tls }) };
    trio = await startTrio({ folder, redis: warden, secrets });
    // Else a Sentinel would see a priority only after ten seconds.
    const often: Command = ['SENTINEL', 'DEBUG', 'INFO-PERIOD', '500'];
    for (const sentinel of trio.sentinels) await run(warden, sentinel, [often]);
  });
  afterAll(() => trio.stop());

  const roleAt = async (endpoint: Endpoint) => parseRole(await ask(warden, endpoint, ['ROLE']));
  const askAll = (...verb: string[]): Promise<RedisReply[]> =>
    Promise.all(
      trio.sentinels.map((each) => ask(warden, each, ['SENTINEL', ...verb, trio.redis.primaryName])),
    );

  /** Waits until `node` is the primary and so many of `others` follow it. */
  const leads = (node: Endpoint, others: readonly Endpoint[]): Promise<void> =>
    until(`${node.port} is the primary of ${others.length}`, async () => {
      const [role, ...roles] = await Promise.all([node, ...others].map(roleAt));
      const name = `${node.host}:${node.port}`;
      return (
        role?.is === 'primary' &&
        roles.every((other) => other.is === 'replica' && other.of === name && other.link === 'connected')
      );
    });

  /** Gives the node its priority, and waits until every Sentinel knows it. */
  const prioritise = async (node: Endpoint, priority: '0' | '100'): Promise<void> => {
    expect(await run(warden, node, [['CONFIG', 'SET', 'replica-priority', priority]])).toEqual(['OK']);
    await until(`the Sentinels know that ${node.port} has ${priority}`, async () =>
      (await askAll('REPLICAS')).every((rows) =>
        (rows as readonly RedisReply[])
          .map(String)
          .some((row) => row.includes(`,${node.port},`) && row.includes(`slave-priority,${priority}`)),
      ),
    );
  };

  it('SENTINEL FAILOVER of the warden promotes, re-points and is written down', async () => {
    const [first, second, third] = trio.endpoints as [Endpoint, Endpoint, Endpoint];
    await prioritise(second, '100');
    const [sentinel] = trio.sentinels as [Endpoint];
    const begun = await run(warden, sentinel, [['SENTINEL', 'FAILOVER', trio.redis.primaryName]]);
    expect(begun).toEqual(['OK']);
    // The third is re-pointed by Sentinel; the old primary would be only after seconds, a warden does not wait for that.
    await leads(second, [third]);
    await run(warden, first, [['REPLICAOF', second.host, String(second.port)]]);
    await leads(second, [third, first]);
    await until('every Sentinel names it', async () =>
      (await askAll('GET-MASTER-ADDR-BY-NAME')).every(
        (reply) => String(reply) === `${second.host},${second.port}`,
      ),
    );
    for (const index of [0, 1, 2]) {
      await until('the Sentinel has written it down', () =>
        Promise.resolve(
          trio.sentinelFile(index).includes(`monitor mymaster ${second.host} ${second.port} 2`),
        ),
      );
      expect(sentinelFileFits(trio.sentinelFile(index), trio.sentinelOptions(index))).toBe(true);
    }
  });

  it('Sentinels agree by themselves when the primary is killed', async () => {
    const [first, second, third] = trio.endpoints as [Endpoint, Endpoint, Endpoint];
    await leads(second, [first, third]);
    await prioritise(third, '100');
    await trio.kill(1);
    await leads(third, [first]);
    expect((await roleAt(first)).is).toBe('replica');
  });
});
