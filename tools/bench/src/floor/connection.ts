/** One socket to Redis for the floor: text out, replies in the order of the commands. */
import { connect } from 'node:net';
import { createReplyReader, type Reply } from './resp.ts';

export type Connection = {
  /** Writes `text` at once, and resolves with its `count` replies. Rejects when the socket breaks. */
  readonly send: (text: string, count: number) => Promise<Reply[]>;
  readonly close: () => void;
};

type Waiting = {
  readonly replies: Reply[];
  readonly count: number;
  readonly resolve: (replies: Reply[]) => void;
  readonly reject: (error: Error) => void;
};

/** Opens a connection to a port of loopback. */
export function openConnection(port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const waiting: Waiting[] = [];
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const read = createReplyReader((reply) => {
      const [first] = waiting;
      if (first === undefined) throw new Error('Redis answered without being asked');
      first.replies.push(reply);
      if (first.replies.length === first.count) {
        waiting.shift();
        first.resolve(first.replies);
      }
    });
    const fail = (error: Error): void => {
      reject(error);
      for (const one of waiting.splice(0)) one.reject(error);
    };
    socket.on('data', read);
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('the connection to Redis was closed')));
    socket.once('connect', () =>
      resolve({
        send: (text, count) =>
          new Promise((settle, refuse) => {
            waiting.push({ replies: [], count, resolve: settle, reject: refuse });
            socket.write(text);
          }),
        close: () => socket.destroy(),
      }),
    );
  });
}
