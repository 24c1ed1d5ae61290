/** The one queue of a world's events: a binary heap by time, and by order of scheduling where times are equal. */

export type WorldEvent = {
  readonly atMs: number;
  readonly order: number;
  /** What it is, for the log of events. */
  readonly label: string;
  /** Undefined once it was cancelled. */
  run: (() => void) | undefined;
};

export type EventQueue = {
  readonly push: (event: WorldEvent) => void;
  /** The earliest event that was not cancelled, still in the queue. */
  readonly peek: () => WorldEvent | undefined;
  readonly pop: () => WorldEvent | undefined;
};

/** An empty queue. */
export function createEventQueue(): EventQueue {
  const heap: WorldEvent[] = [];

  const push = (event: WorldEvent): void => {
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  };

  const take = (): WorldEvent | undefined => {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        child += 1;
        below = right;
      }
      if (!isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  };

  const peek = (): WorldEvent | undefined => {
    while (heap[0] !== undefined && heap[0].run === undefined) take();
    return heap[0];
  };

  return { push, peek, pop: () => (peek() === undefined ? undefined : take()) };
}

function isBefore(a: WorldEvent, b: WorldEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
