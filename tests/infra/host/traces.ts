/** What an engine and its containers leave on a machine when they are not ended properly: looked for before and after. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LINKS = '/sys/class/net';
const CGROUPS = '/sys/fs/cgroup';
/** Bridges of networks, and the engine's own; links into containers go with either end. */
const BRIDGE = /^(br-|hfb|docker)/;
/** By their names, as the kernel has them: at most 15 characters. */
const PROGRAMS = new Set(['dockerd', 'containerd', 'containerd-shim', 'docker-proxy', 'runc']);

/** Bridges, mounts below a folder, processes of an engine, groups of containers: a line each. */
export function traces(folder: string): readonly string[] {
  return [
    ...readdirSync(LINKS)
      .filter((name) => BRIDGE.test(name))
      .map((name) => `link ${name}`),
    ...mountsBelow(folder).map((path) => `mount ${path}`),
    ...readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && PROGRAMS.has(programOf(name)))
      .map((pid) => `process ${pid} ${programOf(pid)}`),
    ...[CGROUPS, ...readdirSync(CGROUPS).map((name) => join(CGROUPS, name))]
      .map((path) => join(path, 'docker'))
      .filter((path) => existsSync(path))
      .map((path) => `group ${path}`),
  ];
}

/** Where something is mounted below a folder, in the order in which it was. */
export function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${folder}/`));
}

/** Empty when it has just ended. */
function programOf(pid: string): string {
  try {
    return readFileSync(join('/proc', pid, 'comm'), 'utf8').trim();
  } catch {
    return '';
  }
}
