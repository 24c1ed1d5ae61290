/** Ports that others hold, found before anything is started: a half-started cluster helps nobody. */
import { createServer } from 'node:net';
import type { ListeningPoint } from '@holdfast/topology';

/** Some ports of the cluster are held by other processes; nothing was started. */
export class PortsTaken extends Error {
  readonly points: readonly ListeningPoint[];
  constructor(points: readonly ListeningPoint[]) {
    super(points.map(sentence).join('\n'));
    this.name = 'PortsTaken';
    this.points = points;
  }
}

function sentence({ endpoint, what, shared }: ListeningPoint): string {
  const instead = shared ? '--api-port PORT' : '--base-port PORT';
  return `port ${endpoint.port} on ${endpoint.host} (${what}) is taken by another process; choose another with ${instead}`;
}

/** The points at which nothing could listen now. */
export async function takenPorts(points: readonly ListeningPoint[]): Promise<readonly ListeningPoint[]> {
  const taken: ListeningPoint[] = [];
  for (const point of points) {
    if (!(await isFree(point.endpoint.host, point.endpoint.port))) taken.push(point);
  }
  return taken;
}

/** Throws `PortsTaken`, which names each of them, its use and the option that moves it. */
export async function refuseTakenPorts(points: readonly ListeningPoint[]): Promise<void> {
  const taken = await takenPorts(points);
  if (taken.length > 0) throw new PortsTaken(taken);
}

/** Without SO_REUSEPORT, so that an address that others share counts as taken too. */
function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
