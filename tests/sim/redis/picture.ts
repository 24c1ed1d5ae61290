/** The Redis machines at one moment, a line each, for the story of a failing seed. */
import type { Machines } from './machines.ts';
import { recordIn } from './wholeness.ts';

const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1);

/** Every node with its record, then every Sentinel with its view of the replicas. */
export function picture(machines: Machines): string[] {
  const { redis, sentinels } = machines;
  return [
    ...redis.names.map((name) => nodeLine(machines, name)),
    ...sentinels.map((name) => sentinelLine(machines, name)),
  ];
}

function nodeLine({ redis }: Machines, name: string): string {
  const { process, primary, log, settings, disk } = redis.state(name);
  const { term, change, members, writes, primary: of } = recordIn(disk.data);
  const role = primary === undefined ? 'primary' : `${primary.state} to ${primary.of.port}`;
  const record = `term ${term}.${change} of ${portOf(of)}: ${members.map(portOf).join(' ')} (${writes} rounds)`;
  return `${name} ${process.state()}, ${role}, offset ${log.offset}, priority ${settings['replica-priority']}; ${record}`;
}

function sentinelLine({ redis }: Machines, name: string): string {
  const { failover, primary, replicas, options, tiltSinceMs } = redis.sentinel(name);
  const nowMs = options.process.host.wallMs();
  const seen = [...replicas.values()].map(
    ({ address, priority, offset, role, infoAtMs, downSinceMs, link }) =>
      `${portOf(address)} ${role} priority ${priority} offset ${offset} INFO ${nowMs - infoAtMs} ms ago` +
      `${downSinceMs > 0 ? ' down' : ''}${link.disconnected ? ' disconnected' : ''}`,
  );
  const state = `${options.process.state()}${tiltSinceMs > 0 ? ', tilt' : ''}, ${failover.state}`;
  return `${name} ${state}, names ${portOf(primary.address)}${primary.downSinceMs > 0 ? ' (down)' : ''}; ${seen.join('; ')}`;
}
