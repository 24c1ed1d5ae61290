/** Runs the cluster in this process until it is asked to stop: start, readiness, the view or the report, the end. */
import { realHost } from '@holdfast/process';
import { type ConfigurationChanges, readRecord, startLocalCluster } from '@holdfast/local-cluster';
import { endpointName } from '@holdfast/redis';
import { CommandFailed } from '../failures.ts';
import type { ClusterStatus } from '../status/cluster-status.ts';
import { gatherStatus } from '../status/gather-status.ts';
import { awaitReady, type NotReady } from './await-ready.ts';
import { detachedReport } from './detached.ts';
import { failureReport } from './failure-report.ts';
import { createLiveView } from './live-view.ts';
import { createStopRequest } from './stop-request.ts';
import { whereThingsAre } from './where-things-are.ts';

const READY_LIMIT_MS = 120_000;

/**
 * Resolves once all nodes have stopped in order. Detached, a cluster that does not become ready is stopped again and
 * the reason thrown; in the foreground the reason is shown and the nodes go on being restarted.
 */
export async function runCluster(folder: string, changes: ConfigurationChanges): Promise<void> {
  const report = detachedReport();
  const view = createLiveView(realHost);
  const request = createStopRequest(realHost);
  const tell = (line: string): void =>
    report === undefined ? view.tell(line) : void report({ is: 'line', text: line });
  const cluster = await startLocalCluster({
    folder,
    changes,
    host: realHost,
    runtime: process.execPath,
    tell,
  });
  const { configuration, recordFile } = cluster.state;
  const read = (): Promise<ClusterStatus> => gatherStatus({ configuration, record: readRecord(recordFile) });
  const stop = async (): Promise<void> => {
    view.end();
    tell('stopping all nodes in order');
    request.onHurry(() => void cluster.stop(true));
    await cluster.stop();
  };

  if (report === undefined) view.start(read);
  const limitMs = READY_LIMIT_MS;
  const starting = (): readonly NotReady[] =>
    cluster
      .views()
      .filter(({ state }) => state !== 'running')
      .map(({ name, state, detail }) => ({ name, why: detail === '' ? state : detail }));
  const cancelled = request.isMade;
  const missing = await awaitReady({ host: realHost, read, starting, limitMs, cancelled });
  const failure = missing.length === 0 ? undefined : failureReport(missing, limitMs, cluster.logFile);
  if (failure !== undefined && report !== undefined) {
    await stop();
    throw new CommandFailed(failure);
  }
  if (!request.isMade()) {
    const console = `http://${endpointName(configuration.values.api.listen)}/`;
    const summary = failure === undefined ? `console and API: ${console}` : 'not ready yet';
    const lines = failure?.split('\n') ?? whereThingsAre(configuration, folder);
    if (report === undefined) view.foot(`${summary}; Ctrl-C stops all`, [...lines, '', 'Ctrl-C stops all.']);
    else await report({ is: 'ready', text: `\n${lines.join('\n')}` });
  }
  await request.made;
  await stop();
}
