/** The local cluster: starts, supervises and stops the whole system on this machine. */
export * from './leftovers.ts';
export * from './local-cluster.ts';
export * from './local-nodes.ts';
export * from './process-identity.ts';
export * from './programs.ts';
export * from './readiness.ts';
export * from './redis/questions.ts';
export * from './state/change-configuration.ts';
export * from './state/cluster-record.ts';
export * from './state/port-plan.ts';
export * from './state/state-damaged.ts';
export * from './state/state-folder.ts';
export type { UnitView } from './supervisor/supervisor.ts';
export * from './taken-ports.ts';
