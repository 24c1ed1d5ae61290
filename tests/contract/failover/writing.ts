/** Signals written one after the other, as a backend does, and what a node holds of them. */
import type { Endpoint } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { accountKeys, createAcknowledgedWriter, parseRole } from '@holdfast/redis';
import { as, ask, type RealTrio, run } from '@holdfast/topology/testing';

export type Writing = {
  /** Ids of the signals that were acknowledged, with the time. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** Ends it; rejects when a signal was not acknowledged. */
  readonly stop: () => Promise<void>;
};

const keys = accountKeys('demo');
const ACKNOWLEDGED_WITHIN_MS = 15_000;
let serial = 0;

/** Begins to write; each signal is new. */
export function startWriting(nodes: readonly Endpoint[]): Writing {
  const acknowledged = new Map<string, number>();
  const options = { host: realHost, redis: as('backend'), nodes, log: () => undefined };
  const writer = createAcknowledgedWriter(options);
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const magic = String((serial += 1));
      const id = `signal-${magic}`;
      const call = {
        name: 'hf_accept',
        keys: [keys.signal(magic), keys.rtss, keys.account],
        args: [id, 'digest', JSON.stringify({ id }), magic, '60000', 'backend-1'],
      };
      const outcome = await writer.writeUntil(call, ACKNOWLEDGED_WITHIN_MS);
      if (outcome.is !== 'acknowledged') throw new Error(`${id}: ${JSON.stringify(outcome)}`);
      acknowledged.set(id, realHost.monotonicMs());
    }
  };
  const running = loop();
  // Awaited at the end; until then a failure must not end the process.
  running.catch(() => undefined);
  return {
    acknowledged,
    stop: async () => {
      stopped = true;
      try {
        await running;
      } finally {
        await writer.stop();
      }
    },
  };
}

/** How often each id stands in the stream of accepted signals on the node. */
export async function entriesOn(node: Endpoint): Promise<Map<string, number>> {
  const [rows] = await run(as('engine'), node, [['XRANGE', keys.rtss, '-', '+']]);
  const counts = new Map<string, number>();
  for (const [, fields] of rows as unknown as [string, string[]][]) {
    const id = fields[fields.indexOf('id') + 1] ?? '';
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** The index of the one node that says it is primary and has replicas. Throws when there is none, or more than one. */
export async function primaryOf({ endpoints }: Pick<RealTrio, 'endpoints'>): Promise<number> {
  const warden = as('warden');
  const roles = await Promise.all(
    endpoints.map(async (at) => parseRole(await ask(warden, at, ['ROLE']).catch(() => null))),
  );
  const found = roles.flatMap((role, index) =>
    role.is === 'primary' && role.replicas.length > 0 ? [index] : [],
  );
  if (found.length !== 1) throw new Error(`${found.length} primaries: ${JSON.stringify(roles)}`);
  return found[0] ?? -1;
}
