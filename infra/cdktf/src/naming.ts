/** Names of what is deployed, all from the environment's: stacks name what others made without asking each other. */

export const PARTS = ['base', 'data', 'apps', 'monitoring'] as const;

/** The stacks of an environment, in the order in which they are brought up. */
export type Part = (typeof PARTS)[number];

export function stackName(environment: string, part: Part): string {
  return `${environment}-${part}`;
}

export function networkName(environment: string): string {
  return `holdfast-${environment}`;
}

export function containerName(environment: string, process: string): string {
  return `holdfast-${environment}-${process}`;
}

/** A volume of a process; `what` tells a second one from the first. */
export function volumeName(environment: string, process: string, what?: string): string {
  return `holdfast-${environment}-${process}${what === undefined ? '' : `-${what}`}`;
}

/** Labels of everything that is made, so that it can be found and told apart on its host. */
export function labelsOf(environment: string, more: Readonly<Record<string, string>> = {}) {
  return Object.entries({ 'holdfast.environment': environment, ...more }).map(([label, value]) => ({
    label,
    value,
  }));
}
