/** A program that reads a text from its standard input: rules for a firewall. */
import { spawn } from 'node:child_process';

/** Resolves when it has ended well; rejects with what it said. */
export function feed(command: readonly string[], text: string): Promise<void> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command.join(' ')} ended with ${code}: ${said.trim()}\n${text}`));
    });
    child.stdin.end(text);
  });
}
