/**
 * `/`: the console, a page without a build step and without anything from elsewhere. Its data needs the key; its
 * page does not. Read once at the start: a page that is missing is a broken installation.
 */
import { readFileSync } from 'node:fs';
import type { Api } from '../parts.ts';

const FILES = [
  { url: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { url: '/console.css', file: 'console.css', type: 'text/css; charset=utf-8' },
  { url: '/tables.css', file: 'tables.css', type: 'text/css; charset=utf-8' },
  { url: '/console.js', file: 'console.js', type: 'text/javascript; charset=utf-8' },
  { url: '/cells.js', file: 'cells.js', type: 'text/javascript; charset=utf-8' },
  { url: '/redis-view.js', file: 'redis-view.js', type: 'text/javascript; charset=utf-8' },
  { url: '/reconciliation-view.js', file: 'reconciliation-view.js', type: 'text/javascript; charset=utf-8' },
  { url: '/console-view.js', file: 'console-view.js', type: 'text/javascript; charset=utf-8' },
];

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function addConsole(api: Api): void {
  const folder = new URL('../console/', import.meta.url);
  for (const { url, file, type } of FILES) {
    const text = readFileSync(new URL(file, folder), 'utf8');
    api.get(url, { schema: { hide: true } }, (_request, reply) =>
      reply
        .headers({
          'content-security-policy': POLICY,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-cache',
        })
        .type(type)
        .serializer(String)
        .send(text),
    );
  }
}
