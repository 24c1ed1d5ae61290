/** The simulated broker: faults that it can be asked for, and its own ledger, read as it grows. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { LedgerChange } from '../checker/evidence.ts';
import type { System } from './system.ts';

const WITHIN_MS = 3000;

/** Asks the broker for a fault. Throws with its words when it refuses. */
export async function brokerFault(system: System, fault: Readonly<Record<string, unknown>>): Promise<void> {
  const response = await fetch(`${simulatorUrl(system)}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
    signal: AbortSignal.timeout(WITHIN_MS),
  });
  if (!response.ok) throw new Error(`the broker refused ${JSON.stringify(fault)}: ${await response.text()}`);
}

/** Ends all faults that are on. */
export async function endBrokerFaults(system: System): Promise<void> {
  const response = await fetch(`${simulatorUrl(system)}/faults`, {
    method: 'DELETE',
    signal: AbortSignal.timeout(WITHIN_MS),
  });
  if (!response.ok) throw new Error(`the broker did not end its faults: ${response.status}`);
}

function simulatorUrl({ simulator }: System): string {
  if (simulator === undefined) throw new Error('this system has no simulated broker');
  return simulator.url;
}

const CHUNK_BYTES = 1 << 20;
/** A line is `<crc32> <JSON>`. */
const BEFORE_JSON = 9;

/** Reads a ledger from its beginning: each call gives the changes since the last one. */
export function tailLedger(path: string): () => readonly LedgerChange[] {
  let at = 0;
  let rest = '';
  const chunk = Buffer.alloc(CHUNK_BYTES);
  return () => {
    const changes: LedgerChange[] = [];
    const file = openSync(path, 'r');
    try {
      for (;;) {
        const read = readSync(file, chunk, 0, chunk.length, at);
        if (read === 0) return changes;
        at += read;
        const lines = (rest + chunk.toString('latin1', 0, read)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const step = JSON.parse(line.slice(BEFORE_JSON)) as { readonly changes: readonly LedgerChange[] };
          changes.push(...step.changes);
        }
      }
    } finally {
      closeSync(file);
    }
  };
}
