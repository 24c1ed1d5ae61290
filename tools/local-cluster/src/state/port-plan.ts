/** Which port each node of the local cluster has, from one base: within a hundred ports, the same at every start. */

export const BASE_PORT = 18_000;
export const API_PORT = 8080;
/** Ports that a plan takes from its base on. */
export const PLAN_SIZE = 100;
export const BASE_PORT_MAX = 65_535 - PLAN_SIZE;

export type PortPlan = {
  /** `index` counts from 0 to 8: nine nodes of a kind have their place. */
  readonly redis: (index: number) => number;
  readonly sentinel: (index: number) => number;
  readonly engineBridge: (index: number) => number;
  readonly enginePeer: (index: number) => number;
  readonly engineHealth: (index: number) => number;
  readonly backend: (index: number) => number;
  readonly sync: number;
  readonly clickhouse: number;
  readonly broker: number;
  readonly brokerHttp: number;
  readonly wardenPeer: (index: number) => number;
  readonly wardenHealth: (index: number) => number;
};

/** The plan from `base` on. Asking for a tenth node of a kind throws: it would take another kind's port. */
export function portPlan(base: number): PortPlan {
  const row = (offset: number) => (index: number) => {
    if (index < 0 || index > 8) throw new Error(`the port plan has 9 places of a kind, not ${index + 1}`);
    return base + offset + index + 1;
  };
  return {
    redis: row(0),
    sentinel: row(10),
    engineBridge: row(20),
    enginePeer: row(30),
    engineHealth: row(40),
    backend: row(50),
    sync: base + 61,
    clickhouse: base + 62,
    broker: base + 71,
    brokerHttp: base + 72,
    wardenPeer: row(80),
    wardenHealth: row(90),
  };
}
