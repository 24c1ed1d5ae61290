/** Virtual time: order, promises between events, the same seed twice, frozen and dead processes. */
import { sleep } from '@holdfast/ha-core';
import { expect, test } from 'vitest';
import { createWorld } from './world.ts';

test('events happen in the order of time, and of scheduling where times are equal', async () => {
  const world = createWorld(1);
  const seen: string[] = [];
  world.after(5, () => seen.push('late'));
  world.after(1, () => seen.push('first'));
  world.after(1, () => seen.push('second'));
  const cancel = world.after(2, () => seen.push('cancelled'));
  cancel();
  await world.run(10);
  expect(seen).toEqual(['first', 'second', 'late']);
  expect(world.now()).toBe(10);
});

test('between two events every promise settles, however long the chain', async () => {
  const world = createWorld(1);
  let depth = 0;
  world.after(1, () => {
    void (async () => {
      for (let i = 0; i < 1000; i += 1) {
        await Promise.resolve();
        depth += 1;
      }
    })();
  });
  let atNext = -1;
  world.after(1, () => {
    atNext = depth;
  });
  await world.run(2);
  expect(atNext).toBe(1000);
});

test('the same seed gives the same events and the same story; another seed others', async () => {
  const story = async (seed: number): Promise<string> => {
    const world = createWorld(seed, { trace: true });
    const { host } = world.start('a');
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 50; i += 1) {
        await sleep(host, host.random() * 10);
        world.note(`${i} ${host.wallMs()} ${host.monotonicMs()}`);
      }
    };
    void loop();
    await world.run(1000);
    return `${world.story().join('\n')} ${JSON.stringify(world.fingerprint())}`;
  };
  expect(await story(7)).toBe(await story(7));
  expect(await story(7)).not.toBe(await story(8));
});

test('a frozen process is called when it goes on, in order; a dead one never', async () => {
  const world = createWorld(1);
  const frozen = world.start('frozen');
  const dead = world.start('dead');
  const seen: string[] = [];
  frozen.host.after(10, () => seen.push('one'));
  frozen.host.after(20, () => seen.push('two'));
  dead.host.after(10, () => seen.push('never'));
  frozen.freeze();
  dead.crash();
  await world.run(100);
  expect(seen).toEqual([]);
  frozen.resume();
  await world.run(101);
  expect(seen).toEqual(['one', 'two']);
});

test('processes of one machine share its clocks; a step of the wall clock leaves the monotonic one alone', async () => {
  const world = createWorld(1);
  const [one, two, other] = [world.start('a', 'm'), world.start('b', 'm'), world.start('c', 'n')];
  await world.run(1000);
  expect(one.host.monotonicMs()).toBe(two.host.monotonicMs());
  expect(one.host.monotonicMs()).not.toBe(other.host.monotonicMs());
  const [wall, monotonic] = [one.host.wallMs(), one.host.monotonicMs()];
  one.stepWallClock(5000);
  expect(two.host.wallMs()).toBe(wall + 5000);
  expect(one.host.monotonicMs()).toBe(monotonic);
});

test('a run ends with what an event or a checker throws, and with false when a predicate is not met', async () => {
  const world = createWorld(1);
  expect(await world.run(() => false, 100)).toBe(false);
  world.after(1, () => {
    throw new Error('broken');
  });
  await expect(world.run(50_000)).rejects.toThrow('broken');
});
