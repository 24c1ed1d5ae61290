/**
 * The floor of the acknowledged write: what waits travels together, as in the product (MULTI, the calls, hf_round, EXEC,
 * ROLE, WAIT, ROLE, and each named replica has reached the offset), and nothing else: no failover, no repeats, no deadlines.
 */
import type { Connection } from './connection.ts';
import { encode, type Reply } from './resp.ts';

export type Groups = {
  /** Resolves with the reply of one encoded command once both replicas have it. */
  readonly put: (command: string) => Promise<Reply>;
};

const MULTI = encode('MULTI');
const EXEC = encode('EXEC');
const ROLE = encode('ROLE');
/** Also the product's rounds count themselves, in the same transaction. */
const ROUND = encode('FCALL', 'hf_round', '1', 'hf:in-sync');
const CONFIRM = ROLE + encode('WAIT', '2', '1000') + ROLE;
/** As LIMITS.groupCallsMax of the product. */
const CALLS_MAX = 128;

type Call = {
  readonly command: string;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
};

/** Groups over one connection. */
export function createGroups(connection: Connection): Groups {
  const waiting: Call[] = [];
  let underWay = false;

  const round = async (calls: readonly Call[]): Promise<void> => {
    const text = MULTI + calls.map(({ command }) => command).join('') + ROUND + EXEC + CONFIRM;
    try {
      const replies = await connection.send(text, calls.length + 6);
      const [before, , after] = replies.slice(-3);
      if (!reached(before, after)) throw new Error('a replica has not got the group within a second');
      const own = replies[calls.length + 2];
      if (!Array.isArray(own)) throw new Error(`EXEC replied ${String(own)}`);
      calls.forEach((call, index) => call.resolve(own[index] ?? null));
    } catch (error) {
      for (const call of calls) call.reject(error);
    }
  };

  const pump = async (): Promise<void> => {
    underWay = true;
    while (waiting.length > 0) await round(waiting.splice(0, CALLS_MAX));
    underWay = false;
  };

  return {
    put: (command) =>
      new Promise((resolve, reject) => {
        waiting.push({ command, resolve, reject });
        if (!underWay) void pump();
      }),
  };
}

/** Whether every replica of the first ROLE has, by the second, the offset of the first. */
function reached(before: Reply | undefined, after: Reply | undefined): boolean {
  if (!Array.isArray(before) || !Array.isArray(after)) return false;
  const offset = Number(before[1]);
  const [named, seen] = [before[2], after[2]];
  if (!Array.isArray(named) || !Array.isArray(seen) || named.length === 0) return false;
  const has = new Map(seen.map((row) => (Array.isArray(row) ? [String(row[1]), Number(row[2])] : ['', 0])));
  return named.every((row) => Array.isArray(row) && (has.get(String(row[1])) ?? 0) >= offset);
}
