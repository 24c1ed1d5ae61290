/**
 * `npm run lock`: gives package-lock.json an entry for each platform's variant of a package. npm leaves out those that
 * the registry at hand does not carry, and `npm ci` then refuses the lock file for its gaps. An entry needs no more than
 * the version and the platform: npm never fetches the variant of another platform.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../../package-lock.json', import.meta.url));

/** The lock file (parsed) with the entries it lacks, and how many they were. */
export function completeLock(lock) {
  const packages = { ...lock.packages };
  let added = 0;
  for (const [at, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      const place = placeFor(packages, at, name, range);
      if (place === undefined) continue;
      packages[place] = variant(name, range.replace(/^[~^]/, ''), entry.dev === true);
      added += 1;
    }
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { lock: { ...lock, packages: Object.fromEntries(sorted) }, added };
}

/** Where the entry is missing: beside the package that wants it, or inside it when another version is there. */
function placeFor(packages, at, name, range) {
  const inside = `${at}/node_modules/${name}`;
  const beside = `${at.slice(0, Math.max(0, at.lastIndexOf('node_modules/')))}node_modules/${name}`;
  // A range is met by what npm has put there; only an exact version can be missing beside another.
  const isMet = packages[beside] && (/^[~^]/.test(range) || packages[beside].version === range);
  if (packages[inside] || isMet) return undefined;
  return packages[beside] ? inside : beside;
}

function variant(name, version, dev) {
  const os =
    name === 'fsevents' ? 'darwin' : /(android|darwin|freebsd|linux|openharmony|win32)/.exec(name)?.[1];
  const cpu = /(arm64|arm|x64|ppc64|riscv64|s390x|ia32|wasm32)/.exec(name)?.[1];
  return {
    version,
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(dev ? { dev: true } : {}),
    ...(name.includes('-musl') ? { libc: ['musl'] } : {}),
    optional: true,
    ...(os ? { os: [os] } : {}),
  };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { lock, added } = completeLock(JSON.parse(readFileSync(FILE, 'utf8')));
  writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${added} entries added to package-lock.json`);
}
