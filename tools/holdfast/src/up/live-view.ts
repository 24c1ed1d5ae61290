/** What `up` shows while it runs in the foreground: on a terminal a table that is drawn again, else a line an event. */
import type { Host } from '@holdfast/ha-core';
import { draw, terminalOptions } from '../screen.ts';
import type { ClusterStatus } from '../status/cluster-status.ts';
import { showStatus } from '../status/show-status.ts';

export type LiveView = {
  /** An event, in words. */
  readonly tell: (line: string) => void;
  /** Shown from now on: `short` always, `lines` below the table where there is room. */
  readonly foot: (short: string, lines: readonly string[]) => void;
  /** Begins to draw. */
  readonly start: (read: () => Promise<ClusterStatus>) => void;
  /** Ends the drawing; later events come as lines. */
  readonly end: () => void;
};

const EVERY_MS = 1000;
const EVENTS_SHOWN = 6;

/** A view on stdout. */
export function createLiveView(host: Host): LiveView {
  const terminal = process.stdout.isTTY;
  const events: string[] = [];
  let footLines: readonly string[] = [];
  let top = 'starting; Ctrl-C stops all';
  let drawing = false;

  const frame = async (read: () => Promise<ClusterStatus>): Promise<void> => {
    const status = await read();
    if (!drawing) return;
    draw([top, ...showStatus(status, terminalOptions()), '', ...events, '', ...footLines]);
    host.after(EVERY_MS, () => void frame(read));
  };

  return {
    tell: (line) => {
      events.push(`${new Date(host.wallMs()).toLocaleTimeString('en-GB')} ${line}`);
      events.splice(0, events.length - EVENTS_SHOWN);
      if (!drawing) process.stdout.write(`${line}\n`);
    },
    foot: (short, lines) => {
      top = short;
      footLines = lines;
      if (!drawing) process.stdout.write(`\n${lines.join('\n')}\n\n`);
    },
    start: (read) => {
      if (!terminal || drawing) return;
      drawing = true;
      void frame(read);
    },
    end: () => {
      drawing = false;
    },
  };
}
