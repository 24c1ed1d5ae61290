/** The client of the echo that stands for terminal and broker: a line out, the same line back. */
import { connect } from 'node:net';

export type Echo = {
  /** Resolves when the line, which no other under way may equal, has come back. */
  readonly send: (line: string) => Promise<void>;
  readonly close: () => void;
};

/** Connects to the echo on loopback. */
export function openEcho(port: number): Promise<Echo> {
  return new Promise((resolve, reject) => {
    const waiting = new Map<string, () => void>();
    let rest = '';
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.setEncoding('latin1');
    socket.once('error', reject);
    socket.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        waiting.get(line)?.();
        waiting.delete(line);
      }
    });
    socket.once('connect', () =>
      resolve({
        send: (line) =>
          new Promise((settle) => {
            waiting.set(line, settle);
            socket.write(`${line}\n`);
          }),
        close: () => socket.destroy(),
      }),
    );
  });
}
