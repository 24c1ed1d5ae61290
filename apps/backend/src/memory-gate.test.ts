/** The gate for signals that open: right between two readings, for several backends, and with a reading that never comes. */
import { describe, expect, it } from 'vitest';
import { createMemoryGate, type MemoryGate } from './memory-gate.ts';

const BODY = 100;
/** What the gate counts for a signal of this body. */
const COST = 2048 + 3 * BODY;
const MOST = 1000 * COST;

/** Lets signals through until it refuses, at most so many; each is over at once, unless `open`. */
function pass(gate: MemoryGate, most: number, open = false): number {
  for (let count = 0; count < most; count += 1) {
    const admission = gate.admit(BODY);
    if (admission.is === 'refused') return count;
    if (!open) admission.over();
  }
  return most;
}

const read = (gate: MemoryGate, used: number): void =>
  gate.begin()({ usedBytes: used * COST, mostBytes: MOST });

it('lets nothing through before the memory is known', () => {
  const gate = createMemoryGate({ refusedPercent: 70, backends: 1 });
  expect(gate.admit(BODY)).toEqual({ is: 'refused', usedPercent: undefined });
  read(gate, 0);
  expect(gate.admit(BODY).is).toBe('admitted');
});

it('refuses from the bound on, with what was read', () => {
  const gate = createMemoryGate({ refusedPercent: 70, backends: 1 });
  read(gate, 700);
  expect(gate.admit(BODY)).toEqual({ is: 'refused', usedPercent: 70 });
  read(gate, 699);
  expect(gate.admit(BODY).is).toBe('admitted');
});

it('counts what it let through since the reading, done or under way', () => {
  const gate = createMemoryGate({ refusedPercent: 70, backends: 1 });
  read(gate, 690);
  expect(pass(gate, 100)).toBe(10);
  read(gate, 690);
  expect(pass(gate, 100, true)).toBe(10);
});

it('takes its part alone where there are several backends: together they stay below the bound', () => {
  const gates = [1, 2, 3].map(() => createMemoryGate({ refusedPercent: 70, backends: 3 }));
  for (const gate of gates) read(gate, 640);
  const passed = gates.map((gate) => pass(gate, 1000)).reduce((sum, count) => sum + count);
  expect(passed).toBe(60);
});

describe('a reading', () => {
  it('does not cover what was let through while it was under way', () => {
    const gate = createMemoryGate({ refusedPercent: 70, backends: 1 });
    read(gate, 690);
    const finish = gate.begin();
    expect(pass(gate, 100)).toBe(10);
    finish({ usedBytes: 690 * COST, mostBytes: MOST });
    expect(gate.admit(BODY).is).toBe('refused');
    read(gate, 700 - 1);
    expect(pass(gate, 100)).toBe(1);
  });

  it('does not cover a write that was still under way when it was made', () => {
    const gate = createMemoryGate({ refusedPercent: 70, backends: 1 });
    read(gate, 699);
    const slow = gate.admit(BODY);
    read(gate, 699);
    expect(gate.admit(BODY).is).toBe('refused');
    if (slow.is === 'admitted') slow.over();
    expect(gate.admit(BODY).is).toBe('refused');
    read(gate, 699);
    expect(gate.admit(BODY).is).toBe('admitted');
  });

  it('that never comes back lets no more through than the last one', () => {
    const gate = createMemoryGate({ refusedPercent: 70, backends: 1 });
    read(gate, 600);
    let passed = 0;
    for (let turn = 0; turn < 10; turn += 1) {
      gate.begin();
      passed += pass(gate, 30);
    }
    expect(passed).toBe(100);
    read(gate, 650);
    expect(pass(gate, 100)).toBe(50);
  });
});

it('is told once that a write is over', () => {
  const gate = createMemoryGate({ refusedPercent: 70, backends: 1 });
  read(gate, 698);
  const admission = gate.admit(BODY);
  if (admission.is === 'admitted') for (let i = 0; i < 5; i += 1) admission.over();
  expect(pass(gate, 100)).toBe(1);
});
