/** The Redis protocol by hand, as little of it as the floor needs: commands as text, replies as plain values. */

export type Reply = string | number | null | Error | Reply[];

/** A command as it goes over the wire. */
export function encode(...parts: readonly string[]): string {
  let text = `*${parts.length}\r\n`;
  for (const part of parts) text += `$${Buffer.byteLength(part)}\r\n${part}\r\n`;
  return text;
}

/** Makes the function that takes what a socket brings and hands on each reply that is complete. */
export function createReplyReader(onReply: (reply: Reply) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      const read = readReply(rest, at);
      if (read === undefined) break;
      at = read.next;
      onReply(read.reply);
    }
    rest = at === rest.length ? Buffer.alloc(0) : rest.subarray(at);
  };
}

type Read = { readonly reply: Reply; readonly next: number };

function readReply(bytes: Buffer, at: number): Read | undefined {
  const end = bytes.indexOf('\r\n', at);
  if (at >= bytes.length || end < 0) return undefined;
  const line = bytes.toString('latin1', at + 1, end);
  const next = end + 2;
  switch (bytes[at]) {
    case 0x2b: // +
      return { reply: line, next };
    case 0x2d: // -
      return { reply: new Error(line), next };
    case 0x3a: // :
      return { reply: Number(line), next };
    case 0x24: // $
      return readBulk(bytes, Number(line), next);
    case 0x2a: // *
      return readArray(bytes, Number(line), next);
    default:
      throw new Error(`not a reply of RESP2: ${JSON.stringify(line.slice(0, 40))}`);
  }
}

function readBulk(bytes: Buffer, length: number, from: number): Read | undefined {
  if (length < 0) return { reply: null, next: from };
  const next = from + length + 2;
  return next > bytes.length ? undefined : { reply: bytes.toString('utf8', from, from + length), next };
}

function readArray(bytes: Buffer, count: number, from: number): Read | undefined {
  if (count < 0) return { reply: null, next: from };
  const reply: Reply[] = [];
  let next = from;
  for (let index = 0; index < count; index += 1) {
    const read = readReply(bytes, next);
    if (read === undefined) return undefined;
    reply.push(read.reply);
    next = read.next;
  }
  return { reply, next };
}
