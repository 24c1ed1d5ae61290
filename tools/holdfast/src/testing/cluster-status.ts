/** For the tests: the status of a small cluster in which all is well. */
import type { ClusterStatus, NodeStatus } from '../status/cluster-status.ts';
import { healthyTopology } from './redis-evidence.ts';

/** A node that serves. */
export function healthyNode(more: Partial<NodeStatus> & Pick<NodeStatus, 'name' | 'kind'>): NodeStatus {
  return { role: null, pid: 17, endpoint: '127.0.0.1:7001', healthy: true, detail: '', ...more };
}

/** Two Redis nodes, an engine, an account. */
export function healthyStatus(): ClusterStatus {
  return {
    cluster: 'demo',
    profile: 'fast',
    degraded: false,
    degradedBecause: [],
    api: { urls: ['http://127.0.0.1:8080'], keyFile: '/state/secrets/api.key' },
    simulator: null,
    nodes: [
      healthyNode({ name: 'redis-1', kind: 'redis', role: 'primary', detail: '1 replica follows' }),
      healthyNode({ name: 'redis-2', kind: 'redis', role: 'replica' }),
      healthyNode({ name: 'engine-1', kind: 'engine', role: 'active' }),
    ],
    redis: healthyTopology(),
    accounts: [
      {
        account: 'demo-hedging',
        active: 'engine-1',
        epoch: '3',
        connection: 'up',
        pending: 0,
        unknown: 0,
        pause: null,
        leaders: [],
        reconciliation: { at: 1, matched: 3, oursMissing: 0, brokerExtra: 1, differing: 0 },
        lastResult: { number: 4, signalId: 's-1', outcome: 'filled', reason: 'executed' },
      },
    ],
  };
}
