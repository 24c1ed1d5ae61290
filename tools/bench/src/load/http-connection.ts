/**
 * One keep-alive HTTP connection of the load generator, with one request under way at a time. By hand, because the
 * generator shares the machine with what it measures: this costs a tenth of what a full client does.
 */
import { connect } from 'node:net';

export type HttpAnswer = { readonly status: number; readonly body: string };

export type HttpConnection = {
  /** Rejects when the connection breaks, or is broken already, or the answer has no Content-Length. */
  readonly post: (path: string, body: string) => Promise<HttpAnswer>;
  readonly close: () => void;
};

const HEAD_END = '\r\n\r\n';

/** Opens a connection to a port of loopback; `headers` go with every request, each line ending in CRLF. */
export function openHttp(port: number, headers: string): Promise<HttpConnection> {
  return new Promise((opened, notOpened) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let text = '';
    let settle: ((answer: HttpAnswer) => void) | undefined;
    let refuse: (error: Error) => void = notOpened;
    let broken: Error | undefined;
    const fail = (error: Error): void => {
      broken ??= error;
      settle = undefined;
      refuse(error);
      socket.destroy();
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const read = readAnswer(text);
      if (read === 'incomplete') return;
      if (typeof read === 'string') return fail(new Error(`HTTP: ${read}`));
      if (settle === undefined) return fail(new Error('HTTP: an answer that was not asked for'));
      text = '';
      const done = settle;
      settle = undefined;
      done(read);
    });
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('the HTTP connection was closed')));
    socket.once('connect', () =>
      opened({
        post: (path, body) =>
          new Promise((resolve, reject) => {
            // A backend closes what was idle for a minute, and nobody would ever hear of what is written then.
            if (broken !== undefined) return reject(broken);
            settle = resolve;
            refuse = reject;
            socket.write(
              `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n${headers}Content-Length: ${body.length}${HEAD_END}${body}`,
              'latin1',
            );
          }),
        close: () => socket.destroy(),
      }),
    );
  });
}

/** The one answer that `text` holds, `incomplete`, or what is wrong with it. */
function readAnswer(text: string): HttpAnswer | string {
  const end = text.indexOf(HEAD_END);
  if (end < 0) return 'incomplete';
  const head = text.slice(0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) return `an answer without Content-Length: ${head.slice(0, 60)}`;
  const body = text.slice(end + HEAD_END.length);
  if (body.length < Number(length)) return 'incomplete';
  if (body.length > Number(length)) return 'more than one answer at once';
  return { status: Number(head.slice(9, 12)), body };
}
