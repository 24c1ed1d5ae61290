/**
 * The broker connection of one account: the seed's numbers as one state machine over two connections (ARCHITECTURE section 7;
 * the seed's 3.2, 3.7 and 4.2).
 *
 * It is watched every second. An attempt is one retry interval without a usable terminal: no session, or a terminal
 * that is not connected to the broker. After 5 attempts the backup takes over, or the user is told that there is none;
 * after 10 the user is told again and signals are suspended. `fast` does not wait: it takes a live backup at the first
 * sight of a lost primary. Recovery goes in the seed's order: the connection, the state, then the pending signals.
 *
 *   up ──lost──► down ──usable again──► restoring ──restored──► up
 *                 │  5: backup or notify                │
 *                 └─ 10: notify and suspend ◄───lost────┘
 */
export type TerminalRole = 'primary' | 'backup';

export type ConnectionOptions = {
  readonly retryMs: number;
  readonly attemptsToBackup: number;
  readonly attemptsToSuspend: number;
  /** Take a live backup at once instead of after `attemptsToBackup`. */
  readonly backupAtOnce: boolean;
};

/** What is usable now: a session that proved itself, with its terminal connected to the broker. */
export type Usable = { readonly primary: boolean; readonly backup: boolean };

export type ConnectionState =
  | { readonly is: 'up'; readonly terminal: TerminalRole }
  | {
      readonly is: 'down';
      /** Whose turn it is to be usable again. */
      readonly wanted: TerminalRole;
      readonly sinceMs: number;
      readonly attempts: number;
      readonly suspended: boolean;
    }
  | {
      readonly is: 'restoring';
      readonly terminal: TerminalRole;
      readonly suspended: boolean;
      readonly sinceMs: number;
    };

export type ConnectionEvent =
  | { readonly is: 'watch'; readonly usable: Usable }
  | { readonly is: 'restored' }
  | { readonly is: 'restore_failed' };

export type ConnectionEffect =
  /** Fence, read the state back, reconcile; answer with `restored` or `restore_failed`. */
  | { readonly do: 'restore'; readonly terminal: TerminalRole }
  | { readonly do: 'stop_sending' }
  | { readonly do: 'suspend' }
  | { readonly do: 'resume' }
  | { readonly do: 'notify'; readonly what: 'no_backup' | 'switched_to_backup' | 'suspended' | 'recovered' };

export type ConnectionStep = {
  readonly state: ConnectionState;
  readonly effects: readonly ConnectionEffect[];
};

/** At the start nothing is known: the first usable terminal is restored like after an outage. */
export function firstConnectionState(nowMs: number): ConnectionState {
  return { is: 'down', wanted: 'primary', sinceMs: nowMs, attempts: 0, suspended: false };
}

/** One event, at `nowMs` of the host's monotonic clock. Pure. Call `watch` every second and at every change. */
export function stepConnection(
  state: ConnectionState,
  event: ConnectionEvent,
  nowMs: number,
  options: ConnectionOptions,
): ConnectionStep {
  switch (state.is) {
    case 'up':
      if (event.is !== 'watch' || event.usable[state.terminal]) return { state, effects: [] };
      return lost(state.terminal, event.usable, false, nowMs, options, [{ do: 'stop_sending' }]);
    case 'restoring':
      return restoring(state, event, nowMs, options);
    case 'down':
      return event.is === 'watch' ? down(state, event.usable, nowMs, options) : { state, effects: [] };
  }
}

function restoring(
  state: ConnectionState & { is: 'restoring' },
  event: ConnectionEvent,
  nowMs: number,
  options: ConnectionOptions,
): ConnectionStep {
  if (event.is === 'restored') {
    const recovered: ConnectionEffect[] = state.suspended ? [{ do: 'notify', what: 'recovered' }] : [];
    return { state: { is: 'up', terminal: state.terminal }, effects: [{ do: 'resume' }, ...recovered] };
  }
  if (event.is === 'watch' && event.usable[state.terminal]) return { state, effects: [] };
  const usable = event.is === 'watch' ? event.usable : { primary: false, backup: false };
  return lost(state.terminal, usable, state.suspended, nowMs, options, []);
}

function lost(
  terminal: TerminalRole,
  usable: Usable,
  suspended: boolean,
  nowMs: number,
  options: ConnectionOptions,
  effects: readonly ConnectionEffect[],
): ConnectionStep {
  const other: TerminalRole = terminal === 'primary' ? 'backup' : 'primary';
  const downState = { is: 'down', wanted: terminal, sinceMs: nowMs, attempts: 0, suspended } as const;
  if (!(options.backupAtOnce && usable[other])) return { state: downState, effects };
  const next = take(other, suspended, nowMs);
  return { state: next.state, effects: [...effects, ...next.effects] };
}

function take(terminal: TerminalRole, suspended: boolean, nowMs: number): ConnectionStep {
  return {
    state: { is: 'restoring', terminal, suspended, sinceMs: nowMs },
    effects: [{ do: 'restore', terminal }],
  };
}

function down(
  state: ConnectionState & { is: 'down' },
  usable: Usable,
  nowMs: number,
  options: ConnectionOptions,
): ConnectionStep {
  if (usable[state.wanted]) return take(state.wanted, state.suspended, nowMs);
  const other: TerminalRole = state.wanted === 'primary' ? 'backup' : 'primary';
  const attempts = Math.floor((nowMs - state.sinceMs) / options.retryMs);
  const mayUseOther = options.backupAtOnce || attempts >= options.attemptsToBackup;
  if (mayUseOther && usable[other]) {
    const next = take(other, state.suspended, nowMs);
    const told: ConnectionEffect[] = other === 'backup' ? [{ do: 'notify', what: 'switched_to_backup' }] : [];
    return { state: next.state, effects: [...told, ...next.effects] };
  }
  const effects: ConnectionEffect[] = [];
  if (state.attempts < options.attemptsToBackup && attempts >= options.attemptsToBackup) {
    effects.push({ do: 'notify', what: 'no_backup' });
  }
  const suspend = !state.suspended && attempts >= options.attemptsToSuspend;
  if (suspend) effects.push({ do: 'suspend' }, { do: 'notify', what: 'suspended' });
  return { state: { ...state, attempts, suspended: state.suspended || suspend }, effects };
}
