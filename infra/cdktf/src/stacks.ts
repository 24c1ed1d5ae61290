/**
 * The stacks of an environment, what keeps data apart from what does not: base (network and volumes, never removed by
 * accident), data (Redis, Sentinels, wardens, ClickHouse), apps, monitoring. Each knows the others by names alone, so each can
 * be applied, replaced and removed by itself.
 */
import { addClickHouse } from './constructs/clickhouse.ts';
import { addHoldfastProcess, isOwn } from './constructs/holdfast-process.ts';
import { addLoadBalancer } from './constructs/load-balancer.ts';
import { addGrafana, addPrometheus } from './constructs/monitoring.ts';
import type { Environment } from './environment/load.ts';
import type { Kind } from './environment/processes.ts';
import { labelsOf, networkName, type Part, PARTS } from './naming.ts';
import { createStack, type Stack } from './stack.ts';
import { addNetwork, addVolume, type App } from './terraform.ts';
import { volumesOf } from './volumes.ts';

const PART: Readonly<Record<Kind, Part>> = {
  redis: 'data',
  sentinel: 'data',
  warden: 'data',
  clickhouse: 'data',
  engine: 'apps',
  backend: 'apps',
  sync: 'apps',
  broker: 'apps',
  terminal: 'apps',
  loadBalancer: 'apps',
  prometheus: 'monitoring',
  grafana: 'monitoring',
};

/** For `cdktf deploy`, which else brings them all up at once; with terraform the order is the caller's. */
const AFTER: Readonly<Record<Part, readonly Part[]>> = {
  base: [],
  data: ['base'],
  apps: ['base', 'data'],
  monitoring: ['base'],
};

/** Adds all stacks of an environment to the app; answers them by their part. Monitoring is left out where there is none. */
export function addStacks(app: App, environment: Environment): ReadonlyMap<Part, Stack> {
  const wanted = PARTS.filter(
    (part) => part === 'base' || environment.processes.some(({ kind }) => PART[kind] === part),
  );
  const made = new Map<Part, Stack>();
  for (const part of wanted) {
    const stack = createStack(app, environment, part);
    if (part === 'base') addBase(stack);
    else addProcesses(stack, part);
    for (const earlier of AFTER[part]) {
      const needed = made.get(earlier);
      if (needed !== undefined) stack.scope.addDependency(needed.scope);
    }
    made.set(part, stack);
  }
  return made;
}

function addBase(stack: Stack): void {
  const { environment, scope } = stack;
  const { name, values, processes } = environment;
  const [host] = values.hosts;
  const { subnet, dynamic } = values.network;
  if (values.network.mode === 'bridge' && host !== undefined && subnet !== undefined) {
    addNetwork(scope, 'network', {
      provider: stack.engine(host),
      name: networkName(name),
      driver: 'bridge',
      // Whoever brings no address gets one from the second part, and never one that another will need.
      ipamConfig: [{ subnet, ...(dynamic === undefined ? {} : { ipRange: dynamic }) }],
      labels: labelsOf(name),
    });
  }
  for (const process of processes) {
    for (const { volume } of volumesOf(name, process)) {
      addVolume(scope, volume, {
        provider: stack.engine(process.host),
        name: volume,
        labels: labelsOf(name, { 'holdfast.process': process.name }),
        lifecycle: { preventDestroy: true },
      });
    }
  }
}

function addProcesses(stack: Stack, part: Part): void {
  for (const process of stack.environment.processes) {
    if (PART[process.kind] !== part) continue;
    if (isOwn(process)) addHoldfastProcess(stack, process);
    else if (process.kind === 'clickhouse') addClickHouse(stack, process);
    else if (process.kind === 'loadBalancer') addLoadBalancer(stack, process);
    else if (process.kind === 'prometheus') addPrometheus(stack, process);
    else addGrafana(stack, process);
  }
}
