/**
 * Faults that need a hand between the ends of a connection: a primary that freezes right between a write and its WAIT
 * (row 4), and links that are slow (row 23).
 */
import { pause, within } from '@holdfast/drill';
import type { Member } from '../hosts/cluster.ts';
import { CLIENTS, HOSTS, type Machine } from '../hosts/network.ts';
import { type Proxy, startProxy } from '../hosts/proxy.ts';
import { askOnce, textOf } from '../resp.ts';
import { type Fault, type Stage, WORST_MS } from './fault.ts';

const NEEDS = ['links'] as const;
const ASK_MS = 1000;

/** Sends what the machines have to do with the member's port through a proxy, old connections too. */
async function through(stage: Stage, member: Member, machines: readonly Machine[]): Promise<Proxy> {
  const proxy = await startProxy(stage.network.control, member.at);
  stage.onEnd(async () => {
    proxy.release();
    // The way past the proxy first: a connection that breaks and is refused then looks like a primary whose process is gone.
    await stage.cuts.mend();
    await proxy.close();
  });
  for (const machine of machines) {
    await stage.cuts.redirect(machine, member.at, proxy.port);
    await endConnections(stage, member, stage.network.address(machine));
    // One after the other, so that this alone does not look like a dead primary.
    await stage.untilAcknowledged();
    await pause(200);
  }
  return proxy;
}

async function endConnections(stage: Stage, member: Member, from: string): Promise<void> {
  const { password } = stage.cluster.files;
  const [list] = await askOnce(member.at, password, [['CLIENT', 'LIST']], ASK_MS);
  const ids = textOf(list)
    .split('\n')
    .filter((line) => line.includes(` addr=${from}:`))
    .map((line) => /^id=(\d+)/.exec(line)?.[1] ?? '0');
  if (ids.length === 0) return;
  await askOnce(
    member.at,
    password,
    ids.map((id) => ['CLIENT', 'KILL', 'ID', id]),
    ASK_MS,
  );
}

/** What RESP calls the command on which a round waits. */
const WAIT_BYTES = '\r\n$4\r\nWAIT\r\n';

function slow(ms: number, failover: Fault['failover']): Fault {
  return {
    name: `slow-links-${ms}`,
    row: '23',
    what: `what the primary and all others send each other takes ${ms} ms longer, there and back together, for 2 s`,
    needs: NEEDS,
    failover,
    serves: true,
    measures: 'longest stall',
    holdMs: 2000,
    strike: async (stage) => {
      const { primary } = stage.roles;
      const machines = [...HOSTS.filter((host) => host !== primary.host), ...CLIENTS];
      const proxy = await through(stage, primary, machines);
      await stage.strikes(`${primary.name}: all is ${ms} ms late`, () => proxy.delay(ms / 2));
    },
  };
}

export const PROXY_FAULTS: readonly Fault[] = [
  {
    name: 'freeze-before-wait',
    row: '4',
    what: 'the primary stands still for 3 s right between a write and its WAIT',
    needs: NEEDS,
    failover: 'must',
    serves: true,
    worstMs: WORST_MS.silence,
    strike: async (stage) => {
      const { primary } = stage.roles;
      const proxy = await through(stage, primary, CLIENTS);
      let answered = false;
      void proxy.stopBefore(WAIT_BYTES).then(async () => {
        await stage.strikes(`SIGSTOP ${primary.name}, which has not seen the WAIT of a write`, () =>
          primary.child()?.freeze(),
        );
        proxy.release();
        answered = true;
      });
      const done = await within({ limitMs: 5000, everyMs: 2 }, () => (answered ? true : undefined));
      if (done === undefined) throw new Error('no write passed the proxy within 5 s');
      await stage.untilAcknowledged();
      await pause(2500);
      primary.child()?.resume();
      stage.story.event('tests', `resumed ${primary.name}`);
      await pause(500);
    },
  },
  slow(50, 'must not'),
  slow(300, 'may'),
];
