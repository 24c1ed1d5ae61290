/** Two nodes may say that they are primary; the supervisor must not take the wrong one for it. */
import { expect, test } from 'vitest';
import type { Role } from './role.ts';
import { workingPrimary } from './working-primary.ts';

const alone: Role = { is: 'primary', offset: 9, replicas: [] };
const followed: Role = { is: 'primary', offset: 7, replicas: [{ endpoint: '127.0.0.1:3', offset: 7 }] };

const roles = (...given: (Role | undefined)[]) =>
  new Map(given.map((role, index) => [`redis-${index + 1}`, role]));

test('a resumed old primary is not the working one', () => {
  expect(workingPrimary(roles(alone, followed, undefined))).toBe('redis-2');
  expect(workingPrimary(roles(alone))).toBeUndefined();
  expect(workingPrimary(roles(followed, followed))).toBeUndefined();
});
