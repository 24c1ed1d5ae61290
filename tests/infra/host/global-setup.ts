/**
 * Once for all tests of this folder: the engine, the images, the provider. Everything ends, and goes, with the last test, and
 * what is left after that is an error.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { run } from './commands.ts';
import { openEngine } from './engine.ts';
import { type Built, makeImages, removeImages } from './images.ts';
import { chooseProvider } from './provider.ts';
import { traces } from './traces.ts';

/** What the tests get of it; plain values, because tests run in other threads. */
export type Stage = {
  readonly folder: string;
  /** Where the Docker engine listens. */
  readonly engine: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly told: { readonly engine: string; readonly provider: string };
  readonly built: readonly Built[];
};

declare module 'vitest' {
  interface ProvidedContext {
    stage: Stage;
  }
}

const PARTS =
  process.env['HOLDFAST_CONTAINERS'] ??
  fileURLToPath(new URL('../../../node_modules/.cache/holdfast/containers', import.meta.url));

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-infra-'));
  const before = new Set(traces(folder));
  const ends: (() => Promise<void> | void)[] = [
    () => nothingIsLeft(folder, before),
    () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  ];
  const tearDown = async (): Promise<void> => {
    for (const end of ends.reverse()) await end();
  };
  try {
    const engine = await openEngine(folder, join(PARTS, 'engine'));
    ends.push(engine.stop);
    if (!engine.isOwn) ends.push(() => removeImages(engine));
    const context = join(folder, 'images');
    mkdirSync(context);
    const built = await makeImages(engine, context, PARTS);
    rmSync(context, { recursive: true });
    // A gigabyte of layers on its way to the disk would hold up every fsync of the first tests.
    await run('sync', []);
    const provider = await chooseProvider(folder, engine.env);
    const told = { engine: engine.told, provider: provider.told };
    project.provide('stage', { folder, engine: engine.address, env: provider.env, told, built });
    return tearDown;
  } catch (error) {
    await tearDown();
    throw error;
  }
}

function nothingIsLeft(folder: string, before: ReadonlySet<string>): void {
  const left = traces(folder).filter((trace) => !before.has(trace));
  if (left.length > 0) throw new Error(`the tests left on this machine: ${left.join('; ')}`);
  console.log('left on this machine: no container, no process, no mount, no link, no group');
}
