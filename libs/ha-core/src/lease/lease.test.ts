/** Leadership as a script of events and times: who takes over, when, with which epoch (I3). */
import { describe, expect, it } from 'vitest';
import { firstLeaseState, type LeaseEvent, type LeaseRow, type LeaseState, stepLease } from './lease.ts';

const options = { engine: 'b', preferred: false, beatMs: 150, leaseMs: 1200, selfStopMs: 900 };
const row = (holder: string, epoch: string, beat: string, successor = ''): LeaseRow => ({
  holder,
  epoch,
  beat,
  successor,
});
const seen = (of: LeaseRow, terminalEpoch = '0'): LeaseEvent => ({ is: 'row', row: of, terminalEpoch });

function play(events: [number, LeaseEvent][], with_ = options) {
  let state: LeaseState = firstLeaseState(0);
  const effects: string[] = [];
  for (const [now, event] of events) {
    const step = stepLease(state, event, now, with_);
    state = step.state;
    for (const effect of step.effects)
      effects.push(`${now} ${effect.do}${'epoch' in effect ? ` ${effect.epoch}` : ''}`);
  }
  return { state, effects };
}

describe('lease', () => {
  it('takes over only after the same beat for a whole lease time', () => {
    const { effects } = play([
      [0, seen(row('a', '4', '1'))],
      [1199, seen(row('a', '4', '1'))],
      [1200, seen(row('a', '4', '1'))],
    ]);
    expect(effects).toEqual(['1200 take 5']);
  });

  it('starts the watch again with each beat', () => {
    const { effects } = play([
      [0, seen(row('a', '4', '1'))],
      [1000, seen(row('a', '4', '2'))],
      [2100, seen(row('a', '4', '2'))],
    ]);
    expect(effects).toEqual([]);
  });

  it('does not count a Redis outage as silence of the holder', () => {
    const { effects } = play([
      [0, seen(row('a', '4', '1'))],
      [600, { is: 'unreadable' }],
      [5000, seen(row('a', '4', '1'))],
      [6100, seen(row('a', '4', '1'))],
      [6200, seen(row('a', '4', '1'))],
    ]);
    expect(effects).toEqual(['6200 take 5']);
  });

  it('takes over at once from a dead process, at most once per lease time', () => {
    const { effects } = play([
      [0, seen(row('a', '4', '1'))],
      [100, { is: 'peer_dead', engine: 'a' }],
      [101, seen(row('a', '4', '2'))],
      [102, { is: 'lost', row: row('a', '6', '1') }],
      [200, { is: 'peer_dead', engine: 'a' }],
      [201, seen(row('a', '6', '2'))],
    ]);
    expect(effects).toEqual(['100 read', '101 take 5']);
  });

  it('goes above the epoch of every reachable terminal', () => {
    const { effects } = play([[0, seen(row('', '2', '0'), '9')]], { ...options, preferred: true });
    expect(effects).toEqual(['0 take 10']);
  });

  it('leaves a fresh lease to the preferred engine for a lease time', () => {
    const { effects } = play([
      [0, seen(row('', '0', '0'))],
      [1199, seen(row('', '0', '0'))],
      [1200, seen(row('', '0', '0'))],
    ]);
    expect(effects).toEqual(['1200 take 1']);
  });

  it('takes a released lease at once when it is the successor', () => {
    const { effects } = play([[5, seen(row('', '7', '3', 'b'))]]);
    expect(effects).toEqual(['5 take 8']);
  });

  it('pauses when it could not renew since it sent the last good renewal, and resumes with the same epoch', () => {
    const { effects, state } = play([
      [0, seen(row('', '7', '3', 'b'))],
      [10, { is: 'taken', epoch: '8', sentAtMs: 1 }],
      [150, { is: 'tick' }],
      [500, { is: 'renewed', sentAtMs: 150 }],
      [1049, { is: 'tick' }],
      [1050, { is: 'tick' }],
      [1200, { is: 'tick' }],
      [1210, { is: 'renewed', sentAtMs: 1200 }],
    ]);
    expect(effects).toEqual([
      '0 take 8',
      '10 activate 8',
      '150 renew 8',
      '1049 renew 8',
      '1050 pause',
      '1050 renew 8',
      '1200 renew 8',
      '1210 resume',
    ]);
    expect(state).toMatchObject({ is: 'active', epoch: '8', paused: false });
  });

  it('stops for good when Redis says that another holds it', () => {
    const { effects, state } = play([
      [0, seen(row('', '7', '3', 'b'))],
      [10, { is: 'taken', epoch: '8', sentAtMs: 1 }],
      [20, { is: 'stale' }],
    ]);
    expect(effects.at(-1)).toBe('20 deactivate');
    expect(state.is).toBe('watching');
  });

  it('deactivates before it releases when it leaves', () => {
    const { effects } = play([
      [0, seen(row('', '7', '3', 'b'))],
      [10, { is: 'taken', epoch: '8', sentAtMs: 1 }],
      [20, { is: 'leave' }],
      [30, seen(row('', '9', '3', 'b'))],
    ]);
    expect(effects.slice(2)).toEqual(['20 deactivate', '20 release 8']);
  });

  it('goes on taking over from a dead process where its last beat arrives late', () => {
    const dead: [number, LeaseEvent][] = [
      [0, seen(row('a', '4', '1'))],
      [100, { is: 'peer_dead', engine: 'a' }],
      [101, seen(row('a', '4', '1'))],
    ];
    const { effects, state } = play([...dead, [103, { is: 'lost', row: row('a', '4', '2') }]]);
    expect(effects).toEqual(['100 read', '101 take 5', '103 take 5']);
    expect(state).toMatchObject({ is: 'taking', row: { beat: '2' } });
    const alive = [2, 3, 4, 5].map((beat): [number, LeaseEvent] => [
      102 + beat,
      { is: 'lost', row: row('a', '4', String(beat)) },
    ]);
    expect(play([...dead, ...alive]).state.is).toBe('watching');
    expect(play([...dead, [103, { is: 'lost', row: row('c', '5', '1') }]]).state.is).toBe('watching');
  });

  it('remembers an early takeover when it loses the leadership again', () => {
    const { effects } = play([
      [0, seen(row('a', '4', '1'))],
      [100, { is: 'peer_dead', engine: 'a' }],
      [101, seen(row('a', '4', '1'))],
      [102, { is: 'taken', epoch: '5', sentAtMs: 101 }],
      [200, { is: 'stale' }],
      [300, seen(row('a', '6', '1'))],
      [400, { is: 'peer_dead', engine: 'a' }],
      [1302, { is: 'peer_dead', engine: 'a' }],
    ]);
    expect(effects).toEqual(['100 read', '101 take 5', '102 activate 5', '200 deactivate', '1302 read']);
  });
});
