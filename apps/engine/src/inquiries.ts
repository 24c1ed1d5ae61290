/**
 * Finding out what became of commands (I5): by asking the journal of the terminal that an intent names, after it was
 * fenced, and by looking in the broker's own records for those that stay unknown.
 */
import type { BridgeSession, JournalAnswer, TradeResult } from '@holdfast/bridge';
import { type Execution, findProof, LIMITS, type OrderEvent } from '@holdfast/ha-core';
import type { Line } from './line.ts';
import { intentOf, type TrackedOrder } from './tracked-order.ts';

/** How far before acceptance a history list is asked for, because broker and host clocks differ. */
const CLOCKS_DIFFER_MS = 24 * 3600 * 1000;

export type Evidence = OrderEvent & { readonly is: 'answer' | 'evidence' };

/**
 * Asks a fenced terminal about every open intent that names it. Intents of terminals that have no session now are
 * answered "given away, no answer" once another terminal is in use, so that they become unknown and are looked up.
 * @throws SessionLost when the terminal goes away meanwhile.
 */
export async function askJournal(
  line: Line,
  session: BridgeSession,
  fenced: { readonly journal: string; readonly boot: string },
  hasSession: (terminal: string) => boolean,
  report: (order: TrackedOrder, answer: (OrderEvent & { is: 'answer' })['answer']) => void,
): Promise<void> {
  const { terminal } = session.identity;
  const open = line.begun().filter((order) => order.state.is === 'asking' || order.state.is === 'unknown');
  await Promise.all(
    open.map(async (order) => {
      const intent = intentOf(order);
      if (intent === undefined) return;
      if (intent.terminal === terminal) {
        const answer = await session.ask(intent.commandId, LIMITS.acknowledgeDeadlineMs);
        const sameJournal =
          intent.journal === fenced.journal &&
          intent.boot === fenced.boot &&
          answer.journal === fenced.journal;
        report(order, evidenceOf(answer, sameJournal));
      } else if (order.state.is === 'asking' && !hasSession(intent.terminal))
        report(order, { state: 'intent' });
    }),
  );
}

function evidenceOf(answer: JournalAnswer, sameJournal: boolean): (OrderEvent & { is: 'answer' })['answer'] {
  switch (answer.state) {
    case 'result':
      return { state: 'result', execution: executionOf(answer.result) };
    case 'never':
      return { state: 'never', sameJournal };
    case 'refused':
      return { state: 'refused', reason: answer.reason };
    case 'intent':
      return { state: 'intent' };
  }
}

/** One look into the broker's records; without a witness, or when it fails, nothing is found. */
export async function lookUp(
  order: TrackedOrder,
  witness: BridgeSession | undefined,
  log: (event: string, detail: Record<string, unknown>) => void,
): Promise<OrderEvent & { is: 'evidence' }> {
  const nothing = { is: 'evidence', execution: undefined, certainNo: undefined } as const;
  const intent = intentOf(order);
  if (intent === undefined || witness === undefined) return nothing;
  const deadlineMs = LIMITS.acknowledgeDeadlineMs;
  const since = Math.max(0, order.accepted.acceptedAt - CLOCKS_DIFFER_MS);
  const { magic } = intent;
  try {
    const [deals, done, orders, positions] = await Promise.all([
      witness.list('deals', { magic, since, deadlineMs }),
      // A cancel carries no magic: its proof is the order that it names.
      witness.list(
        'done',
        intent.command.do === 'cancel' ? { since, deadlineMs } : { magic, since, deadlineMs },
      ),
      witness.list('orders', { deadlineMs }),
      witness.list('positions', { deadlineMs }),
    ]);
    const proof = findProof(intent, {
      deals: deals.rows,
      done: done.rows,
      orders: orders.rows,
      positions: positions.rows,
    });
    if (proof.is === 'executed') return { ...nothing, execution: proof.execution };
    if (proof.is === 'not_executed' && done.synced && deals.synced)
      return { ...nothing, certainNo: proof.detail };
  } catch (error) {
    log('look_up_failed', { signalId: order.accepted.id, reason: String(error) });
  }
  return nothing;
}

/** A result of the bridge as the order's rule takes it. */
export function executionOf(result: TradeResult): Execution {
  const { commandId: _commandId, ...execution } = result;
  return execution;
}
