/** The rehearsal goes all the way: else it warms less than a takeover needs, and nobody would notice. */
import { profile } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { expect, it, vi } from 'vitest';
import { rehearse } from './rehearsal.ts';

it.each(['fast', 'seed'] as const)(
  'takes over and executes its signal, with the numbers of %s',
  async (name) => {
    const outcome = await rehearse({ host: realHost, engine: 'engine-1', numbers: profile(name) });
    expect(outcome).toBe('filled');
  },
);

it('leaves no timer behind for longer than what it owes its Redis', async () => {
  let open = 0;
  const host = {
    ...realHost,
    after: (delayMs: number, run: () => void) => {
      open += 1;
      let over = false;
      const once = (): void => {
        if (!over) open -= 1;
        over = true;
      };
      const cancel = realHost.after(delayMs, () => {
        once();
        run();
      });
      return () => {
        once();
        cancel();
      };
    },
  };
  await rehearse({ host, engine: 'engine-1', numbers: profile('fast') });
  await vi.waitFor(() => expect(open).toBe(0));
});
