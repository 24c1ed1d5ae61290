/** For tests: reads server-sent events, a few at a time. */
export type ReceivedEvent = {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
};

export type EventReader = {
  /** The next `count` events; rejects when the stream ends before. */
  readonly take: (count: number) => Promise<ReceivedEvent[]>;
  readonly close: () => void;
};

/** Opens a stream; throws when it is not answered 200. */
export async function readEvents(url: string, headers: Record<string, string>): Promise<EventReader> {
  const ending = new AbortController();
  const response = await fetch(url, { headers, signal: ending.signal });
  if (response.status !== 200 || response.body === null)
    throw new Error(`${url} was answered ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const waiting: ReceivedEvent[] = [];
  let rest = '';
  return {
    take: async (count) => {
      while (waiting.length < count) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended after ${waiting.length} of ${count} events`);
        const blocks = (rest + value).split('\n\n');
        rest = blocks.pop() ?? '';
        waiting.push(...blocks.flatMap(parse));
      }
      return waiting.splice(0, count);
    },
    close: () => ending.abort(),
  };
}

function parse(block: string): ReceivedEvent[] {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const event = fields.get('event');
  if (event === undefined) return [];
  return [{ event, id: fields.get('id'), data: JSON.parse(fields.get('data') ?? 'null') }];
}
