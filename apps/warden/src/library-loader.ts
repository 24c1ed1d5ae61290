/** Our functions on the primary: only wardens may load them, so that clients need not have the right to. */
import { LIMITS, type RedisNodes } from '@holdfast/ha-core';
import { ensureFunctions } from '@holdfast/redis';
import type { Situation } from './situation.ts';

export type LibraryLoaderOptions = {
  readonly redis: RedisNodes;
  readonly situation: Situation;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

/** Looks once for each new primary; a replica has them from its primary. */
export function createLibraryLoader(options: LibraryLoaderOptions): { readonly tend: () => Promise<void> } {
  let loadedAt: string | undefined;
  return {
    tend: async () => {
      const present = options.situation.present();
      const at = present === undefined ? undefined : `${present.name} ${present.rank}`;
      if (present === undefined || at === loadedAt || present.role.replicas.length === 0) return;
      const node = await options.redis.open(present.watch.endpoint, LIMITS.dialDeadlineMs);
      try {
        await ensureFunctions(node, LIMITS.commandDeadlineMs);
        loadedAt = at;
      } finally {
        node.close();
      }
    },
  };
}
