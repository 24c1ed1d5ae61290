/**
 * A rolldown plugin for what a source finds beside itself by `new URL('…', import.meta.url)`: Redis functions,
 * migrations, the console's files, programs that run as a child. In the repository the sources find them as they are;
 * for the bundle they are copied (a program is bundled) into its folder and the address is changed to match.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build } from 'rolldown';

const BESIDE = /new URL\(\s*(['"])(\.{1,2}\/[^'"]*)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;

/** `options` are those of the bundle, for the programs that are bundled beside it. */
export function filesBeside(options) {
  const programs = new Map();
  return {
    name: 'files-beside',
    transform(code, id) {
      if (id.includes('node_modules') || !code.includes('import.meta.url')) return null;
      const changed = code.replace(BESIDE, (_whole, _quote, path) => {
        const target = resolve(dirname(id), path);
        const place = path.endsWith('.ts') ? program(programs, target) : copy(this, target);
        return `new URL('./${place}', import.meta.url)`;
      });
      return changed === code ? null : { code: changed, map: null };
    },
    async writeBundle({ file, dir }) {
      const folder = dir ?? dirname(file);
      for (const [input, name] of programs) {
        const output = { file: join(folder, name), format: 'esm', sourcemap: true, codeSplitting: false };
        await build({ ...options, input, output, plugins: [filesBeside(options)] });
      }
    },
  };
}

function program(programs, target) {
  const name = `${ownerOf(target)}-${basename(target, '.ts')}.js`;
  programs.set(target, name);
  return name;
}

/** Emits a file, or a folder with all in it, under `<package>/<name>`; returns that place, with `/` where it is a folder. */
function copy(context, target) {
  const place = `${ownerOf(target)}/${basename(target)}`;
  const isFolder = statSync(target).isDirectory();
  for (const path of isFolder ? filesIn(target) : [target]) {
    const fileName = isFolder ? `${place}/${relative(target, path)}` : place;
    context.emitFile({ type: 'asset', fileName, source: readFileSync(path) });
  }
  return isFolder ? `${place}/` : place;
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

/** The package that a file belongs to: libs/redis/functions/a.lua → redis. */
function ownerOf(path) {
  return /\/(?:apps|libs|tools)\/([^/]+)\//.exec(path)?.[1] ?? 'root';
}
