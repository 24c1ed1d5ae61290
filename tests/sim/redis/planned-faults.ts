/** What people and clocks do: a planned change of primary, a step of a machine's clock. */
import { type Fault, pick, roles } from './fault.ts';

export const PLANNED_FAULTS = {
  switchover: (stage) => {
    const { machines, note, world } = stage;
    const { primary } = roles(stage);
    const warden = machines.warden(machines.wardens[machines.redis.names.indexOf(primary)] ?? '');
    note(`of ${primary}`);
    void warden?.switchOver(undefined).then(({ detail }) => world.note(`switchover: ${detail}`));
    return () => Promise.resolve();
  },
  'clock steps': (stage) => {
    const { machines, note, random } = stage;
    const machine = pick(random, machines.redis.names);
    const byMs = Math.floor((random() - 0.5) * (random() < 0.5 ? 400 : 10_000));
    note(`of ${machine} by ${byMs} ms`);
    machines.redis.process(machine).stepWallClock(byMs);
    return () => {
      machines.redis.process(machine).stepWallClock(-byMs);
      return Promise.resolve();
    };
  },
} satisfies Readonly<Record<string, Fault>>;
