/** The broker connection by the numbers: every threshold of the seed, and what `fast` does at once. */
import { describe, expect, it } from 'vitest';
import {
  type ConnectionEvent,
  type ConnectionState,
  firstConnectionState,
  stepConnection,
} from './connection.ts';

const seed = { retryMs: 3000, attemptsToBackup: 5, attemptsToSuspend: 10, backupAtOnce: false };
const fast = { ...seed, backupAtOnce: true };
const up: ConnectionState = { is: 'up', terminal: 'primary' };
const watch = (primary: boolean, backup: boolean): ConnectionEvent => ({
  is: 'watch',
  usable: { primary, backup },
});

function play(start: ConnectionState, events: [number, ConnectionEvent][], options = seed) {
  let state = start;
  const effects: string[] = [];
  for (const [now, event] of events) {
    const step = stepConnection(state, event, now, options);
    state = step.state;
    for (const effect of step.effects) {
      const detail = 'what' in effect ? effect.what : 'terminal' in effect ? effect.terminal : '';
      effects.push(`${now} ${effect.do} ${detail}`.trim());
    }
  }
  return { state, effects };
}

/** The seed's watch: once a second, nothing usable, for `seconds`. */
const silence = (from: number, seconds: number, backup = false): [number, ConnectionEvent][] =>
  Array.from({ length: seconds + 1 }, (_, second) => [from + second * 1000, watch(false, backup)]);

describe('broker connection', () => {
  it('restores in the order connection, state, signals', () => {
    const { effects } = play(firstConnectionState(0), [
      [0, watch(true, false)],
      [5, { is: 'restored' }],
    ]);
    expect(effects).toEqual(['0 restore primary', '5 resume']);
  });

  it('without a backup: notifies after 5 attempts of 3 s, suspends and notifies after 10', () => {
    const { effects } = play(up, silence(0, 40));
    expect(effects).toEqual([
      '0 stop_sending',
      '15000 notify no_backup',
      '30000 suspend',
      '30000 notify suspended',
    ]);
  });

  it('with a backup: takes it after 5 attempts in the profile seed', () => {
    const { effects } = play(up, silence(0, 16, true));
    expect(effects).toEqual(['0 stop_sending', '15000 notify switched_to_backup', '15000 restore backup']);
  });

  it('with a backup: takes it at once in the profile fast', () => {
    const { effects } = play(up, [[70, watch(false, true)]], fast);
    expect(effects).toEqual(['70 stop_sending', '70 restore backup']);
  });

  it('says that it recovered when signals had been suspended', () => {
    const { effects, state } = play(up, [
      ...silence(0, 31),
      [32_000, watch(true, false)],
      [32_010, { is: 'restored' }],
    ]);
    expect(effects.slice(-3)).toEqual(['32000 restore primary', '32010 resume', '32010 notify recovered']);
    expect(state).toEqual({ is: 'up', terminal: 'primary' });
  });

  it('counts attempts anew when the restore fails', () => {
    const { state } = play(firstConnectionState(0), [
      [0, watch(true, false)],
      [400, { is: 'restore_failed' }],
      [3399, watch(false, false)],
    ]);
    expect(state).toMatchObject({ is: 'down', attempts: 0, sinceMs: 400 });
  });
});
