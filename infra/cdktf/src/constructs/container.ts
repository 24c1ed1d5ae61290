/**
 * A container as all of ours are: unprivileged, with a read-only root, limits, a health check, bounded logs, and started again
 * when it ends. What differs is the argument.
 */
import { CONFIGURATION_FOLDER, SECRETS_FOLDER } from '../environment/container-places.ts';
import type { Process } from '../environment/processes.ts';
import { containerName, labelsOf, networkName } from '../naming.ts';
import type { Stack } from '../stack.ts';
import { addDockerContainer, type Container, type ContainerConfig } from '../terraform.ts';
import { volumesOf } from '../volumes.ts';
import { HEALTH, SECONDS_TO_HEALTHY, SECONDS_TO_STOP } from './container-numbers.ts';

export type ContainerOptions = {
  readonly process: Process;
  readonly image: string;
  /** uid:gid. */
  readonly user: string;
  readonly limit: { readonly memoryMiB: number; readonly cpus: number };
  /** Instead of the image's own entry point. */
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folders in memory beside those that every container has; the user's own, and empty at each start. */
  readonly memoryFolders?: readonly string[];
  readonly readsSecrets?: boolean;
  readonly published?: { readonly address: string; readonly port: number };
  /** As Docker takes it: CMD and the words. */
  readonly healthTest: readonly string[];
  /** Whether applying ends only when it is healthy. */
  readonly untilHealthy: boolean;
};

/** Adds a container to a stack. */
export function addContainer(stack: Stack, options: ContainerOptions): Container {
  const { environment } = stack;
  const { process, user, limit } = options;
  const { name, kind, host } = process;
  const { logs } = environment.values;
  return addDockerContainer(stack.scope, name, {
    provider: stack.engine(host),
    name: containerName(environment.name, name),
    image: stack.image(host, options.image).imageId,
    ...(options.entrypoint === undefined ? {} : { entrypoint: options.entrypoint.map(literal) }),
    command: options.command.map(literal),
    env: Object.entries(options.env ?? {}).map(([key, value]) => `${key}=${literal(value)}`),
    user,
    readOnly: true,
    tmpfs: memoryFolders(user, options.memoryFolders ?? []),
    capabilities: { drop: ['ALL'] },
    securityOpts: ['no-new-privileges:true'],
    restart: 'unless-stopped',
    mustRun: true,
    memory: limit.memoryMiB,
    // The same: a process that swaps is late, and one that is late is taken for dead. Unset, every plan shows a change.
    memorySwap: limit.memoryMiB,
    cpus: String(limit.cpus),
    logDriver: 'json-file',
    logOpts: { 'max-size': `${logs.sizeMiB}m`, 'max-file': String(logs.files) },
    volumes: volumes(stack, options),
    healthcheck: { test: options.healthTest.map(literal), ...HEALTH },
    wait: options.untilHealthy,
    waitTimeout: SECONDS_TO_HEALTHY,
    stopTimeout: SECONDS_TO_STOP,
    destroyGraceSeconds: SECONDS_TO_STOP,
    labels: labelsOf(environment.name, { 'holdfast.process': name, 'holdfast.kind': kind }),
    ...network(stack, options),
  });
}

/** `${` and `%{` would be taken for Terraform's own. */
function literal(text: string): string {
  return text.replaceAll('${', '$${').replaceAll('%{', '%%{');
}

function memoryFolders(user: string, more: readonly string[]): Record<string, string> {
  const [uid, gid] = user.split(':');
  const own = `uid=${uid},gid=${gid},mode=0700,size=16m`;
  return {
    '/tmp': 'mode=1777,size=64m',
    [CONFIGURATION_FOLDER]: own,
    ...Object.fromEntries(more.map((folder) => [folder, own])),
  };
}

function volumes(stack: Stack, options: ContainerOptions): NonNullable<ContainerConfig['volumes']> {
  const { name, values } = stack.environment;
  const data = volumesOf(name, options.process).map(({ volume, path }) => ({
    volumeName: volume,
    containerPath: path,
  }));
  const secrets = { hostPath: values.secrets, containerPath: SECRETS_FOLDER, readOnly: true };
  return options.readsSecrets === true ? [...data, secrets] : data;
}

/** In a bridge an address of its own; else the host's network, in which nothing has to be published. */
function network(stack: Stack, { process, published }: ContainerOptions): Partial<ContainerConfig> {
  const { name, values } = stack.environment;
  if (values.network.mode === 'host') return { networkMode: 'host' };
  const address = process.address === undefined ? {} : { ipv4Address: process.address };
  const ports =
    published === undefined
      ? {}
      : { ports: [{ internal: published.port, external: published.port, ip: published.address }] };
  return {
    hostname: process.name,
    networksAdvanced: [{ name: networkName(name), ...address }],
    ...ports,
  };
}
