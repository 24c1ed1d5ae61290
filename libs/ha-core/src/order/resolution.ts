/**
 * How a person ends an outcome that the broker never confirmed (I5, I6): what they say became of it, who says so and why.
 * It stands in the signal's one result. Nothing is sent again because of it.
 */
import type { BrokerCommand } from './intent.ts';
import type { Outcome } from './outcome.ts';

export type Resolution = {
  /** What the person says became of the command. */
  readonly said: Outcome;
  readonly by: string;
  readonly reason: string;
};

const MAY_SAY: Readonly<Record<BrokerCommand['do'], readonly Outcome[]>> = {
  deal: ['filled', 'partly_filled', 'rejected'],
  close: ['filled', 'partly_filled', 'rejected'],
  pending: ['placed', 'rejected'],
  modify_position: ['done', 'rejected'],
  modify_order: ['done', 'rejected'],
  cancel: ['done', 'rejected'],
};

/** The outcomes that a person may state, for any command. */
export const RESOLUTIONS: readonly Outcome[] = [...new Set(Object.values(MAY_SAY).flat())];

/** Whether this can have become of the command; what could, otherwise. Pure. */
export function checkResolution(
  command: BrokerCommand,
  said: string,
):
  | { readonly is: 'outcome'; readonly outcome: Outcome }
  | { readonly is: 'wrong'; readonly expected: string } {
  const outcome = MAY_SAY[command.do].find((one) => one === said);
  if (outcome !== undefined) return { is: 'outcome', outcome };
  return { is: 'wrong', expected: `one of ${MAY_SAY[command.do].join(', ')}` };
}

/** The sentence of a result that a person has stated. */
export function resolutionText({ said, by, reason }: Resolution): string {
  return `${said}, says ${by}: ${reason}`;
}
