/** HAProxy in front of the backends: its image is not ours, so its one file is written at its start. */
import type { Process } from '../environment/processes.ts';
import { fileWriter } from '../files/file-writer.ts';
import { HAPROXY_FILE, HAPROXY_HEALTH, haproxyText } from '../files/haproxy.ts';
import type { Stack } from '../stack.ts';
import type { Container } from '../terraform.ts';
import { addContainer } from './container.ts';

/** Adds a load balancer. */
export function addLoadBalancer(stack: Stack, process: Process): Container {
  const { values } = stack.environment;
  const balancer = values.published.loadBalancers.find((_, index) => process.name.endsWith(`-${index + 1}`));
  if (balancer === undefined) throw new Error(`${process.name} is none of published.loadBalancers`);
  const { address, port } = balancer;
  const text = haproxyText(stack.environment, process, balancer);
  return addContainer(stack, {
    process,
    image: values.images.loadBalancer,
    user: values.users.loadBalancer,
    limit: values.limits.loadBalancer,
    ...fileWriter([{ path: HAPROXY_FILE, text }]),
    command: ['haproxy', '-W', '-db', '-f', HAPROXY_FILE],
    published: { address, port },
    // Its image has neither curl nor wget, and bash can open a connection.
    healthTest: ['CMD', 'bash', '-c', askByBash(ownAddress(stack, address), port)],
    untilHealthy: true,
  });
}

/** Where a published process reaches itself: in a bridge it listens on all addresses of its container. */
export function ownAddress({ environment }: Stack, address: string): string {
  return environment.values.network.mode === 'bridge' || address === '0.0.0.0' ? '127.0.0.1' : address;
}

function askByBash(address: string, port: number): string {
  return [
    `exec 3<>/dev/tcp/${address}/${port}`,
    `printf 'GET ${HAPROXY_HEALTH} HTTP/1.0\\r\\n\\r\\n' >&3`,
    `head -n 1 <&3 | grep -q ' 200 '`,
  ].join(' && ');
}
