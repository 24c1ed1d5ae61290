/** What an active account tells of itself, under its name: to the log, to people, to the metrics. */
import type { ActiveAccountOptions } from './active-account.ts';
import type { EngineOptions } from './engine-options.ts';

export type Telling = Pick<ActiveAccountOptions, 'notify' | 'onReconciled' | 'onResult' | 'log'>;

/** For one account of the engine. */
export function tellingOf(options: EngineOptions, account: string): Telling {
  return {
    notify: (what, detail) => {
      options.log('notify', { account, what, ...detail });
      options.onNotice?.(account, what);
    },
    onReconciled: (report) => options.onReconciled?.(account, report),
    onResult: (outcome, tookMs) => options.onResult?.(account, outcome, tookMs),
    log: (event, detail) => options.log(event, { account, ...detail }),
  };
}
