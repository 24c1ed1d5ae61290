/** The rows of the broker's lists, as the bridge protocol has them. */
export type { DoneOrder } from '@holdfast/bridge';
export type { Deal, MarginMode, Position, Side, SymbolRules, WorkingOrder } from '@holdfast/ha-core';
