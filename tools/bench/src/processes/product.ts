/** How the product's programs are started for a benchmark: as everywhere, with a processor profile where it is asked for. */
import { PROGRAMS } from '@holdfast/local-cluster';

/** Program and arguments. With `profileFolder` the process writes `<name>.cpuprofile` there when it ends. */
export function childCommand(
  program: keyof typeof PROGRAMS,
  name: string,
  configuration: string,
  profileFolder?: string,
): [string, ...string[]] {
  const profile =
    profileFolder === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`];
  return [process.execPath, ...profile, PROGRAMS[program], '--config', configuration, '--name', name];
}
