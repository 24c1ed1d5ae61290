/** docs/benchmarks.md, made from one run's report: by `npm run bench -- --write`, or from a file by `--from`. */
import type { Report } from './report.ts';
import { markdownOf, memorySentences, memoryTable, speedTable, takeoverTable } from './tables.ts';

/** The text of the document. */
export function documentOf(report: Report): string {
  const { machine } = report;
  const parts = [
    '# Benchmarks',
    `Made by \`npm run bench -- --write\` on ${report.date}; measure again before you rely on an absolute figure. What carries over to other machines is the ratios and the shapes.`,
    `${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, Linux ${machine.kernel}, everything on this one machine over loopback. Node ${machine.node}, Redis ${machine.redis}, BullMQ ${machine.bullmq}. Load in the minute before: ${machine.loadBefore}.${report.quick ? ' The quick form: fewer signals and rounds.' : ''}`,
    HOW,
  ];
  if (report.acceptance !== undefined) {
    parts.push('## Acceptance', ACCEPTANCE, markdownOf(speedTable(report.acceptance)));
  }
  if (report.journey !== undefined) {
    parts.push('## Whole journey', JOURNEY, markdownOf(speedTable(report.journey)));
  }
  if (report.memory !== undefined) {
    parts.push(
      '## Memory',
      MEMORY,
      memorySentences(report.memory).join(' '),
      markdownOf(memoryTable(report.memory)),
    );
  }
  if (report.takeover !== undefined) {
    parts.push('## Loss of the active engine', TAKEOVER, markdownOf(takeoverTable(report.takeover)));
  }
  return `${parts.join('\n\n')}\n`;
}

const HOW = `Every figure is the median over the rounds of one run. In each round every contestant is measured once, in an order that turns from round to round, in a closed loop after a warm-up. A ratio is taken within a round, and then the median of the rounds. The aim is twice the floor's latency and half its rate, or better.

The floor is the same Redis commands by hand: raw RESP, what waits travels in one MULTI with hf_round, ROLE, WAIT, ROLE, every named replica has the offset; no checks, no repeats, no failover. Redis is a primary with two replicas, \`appendfsync always\`, from the configuration that a cluster uses.`;

const ACCEPTANCE =
  'From the request to the answer that says that the signal is durable on every node that could be promoted (I1). Floor and "the write alone" (our group commit in a process of its own) have no HTTP; behind a bare Fastify the floor is shown too, because that is what a client of anything would see. BullMQ adds a job: without WAIT it is on the primary alone, with WAIT 2 it is on both replicas by count, not by name.';

const JOURNEY =
  'From the request to the result on the client\'s event stream: accepted durably, read by the engine, intent durable (I4), carried out by the simulated broker, result durable, read back with a mark, sent. Each signal in flight has its own account, because a terminal carries out one command at a time. Floor and BullMQ have no HTTP and an echo over TCP in place of terminal and broker; the terminals here do not flush their journals. "broker 50 ms" is the time that the broker takes.';

const MEMORY =
  'Resident memory of each process, with sync and an embedded ClickHouse running. The broker is a simulation that keeps every deal, and `terminals` is 64 simulated terminals in one process; neither is there in use. sync takes results out of Redis once they are in ClickHouse; signals are remembered for 30 days, so that a repeat is known.';

const TAKEOVER =
  'From the fault until the client sees the result of a signal that it sends at that moment, the broker answering at once: detection, takeover and the whole journey together. "planned" is `holdfast switchover engine` under signals one after the other: the longest of them, its journey included. A killed engine is started again and warm before the next fault. The table of the second half is the same with so many finished signals in Redis. The 99th percentile is told from 300 runs on.';
