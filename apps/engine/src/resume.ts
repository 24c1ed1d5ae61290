/**
 * What a takeover finds under way: every signal with an intent is asked about before anything else, because only the
 * journal that the intent names can prove that its command never arrived (I5).
 */
import type { AcceptedSignal, AccountSnapshot } from '@holdfast/redis';
import type { Line } from './line.ts';
import { trackOrder } from './tracked-order.ts';

/** Puts the signals that have intents into the line, as to be asked about; the latest attempt counts. */
export function resumeIntents(
  snapshot: AccountSnapshot,
  line: Line,
  seenAtMs: (accepted: AcceptedSignal) => number,
  log: (event: string, detail: Record<string, unknown>) => void,
): void {
  const accepted = new Map(snapshot.signals.map((signal) => [signal.id, signal]));
  const intents = Map.groupBy(snapshot.intents, (intent) => intent.signalId);
  for (const [signalId, attempts] of intents) {
    const signal = accepted.get(signalId);
    const latest = attempts.toSorted((a, b) => b.attempt - a.attempt)[0];
    if (signal === undefined || latest === undefined) {
      log('intent_without_signal', { signalId, attempts: attempts.length });
      continue;
    }
    const order = trackOrder(signal, seenAtMs(signal));
    const known = snapshot.states.get(signalId);
    if (known !== undefined) order.steps.splice(0, order.steps.length, ...known.steps);
    order.intents.push(...attempts.map((intent) => intent.commandId));
    order.state = { is: 'asking', intent: latest };
    line.add(order);
    line.begin(order);
  }
}
