/** The long form's word for the server is the one that counts; ports given together differ. */
import { afterEach, expect, it, vi } from 'vitest';
import { freePorts, redisServer } from './redis-server.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('is what the environment names, else the one on the PATH', () => {
  vi.stubEnv('HOLDFAST_REDIS_SERVER', undefined);
  expect(redisServer()).toBe('redis-server');
  vi.stubEnv('HOLDFAST_REDIS_SERVER', '/cache/redis-8/redis-server');
  expect(redisServer()).toBe('/cache/redis-8/redis-server');
});

it('gives each port once', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  expect(ports.every((port) => port > 0)).toBe(true);
});
