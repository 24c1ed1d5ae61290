/** What of an environment file contradicts itself, before its holdfast.yaml is looked at. */
import type { Disagreement } from '@holdfast/configuration';
import { ipv4Network, isWithin } from './ipv4.ts';
import type { EnvironmentValues } from './schema.ts';

/** Every contradiction; none is an empty list. */
export function ownFaults(values: EnvironmentValues): readonly Disagreement[] {
  return [...hosts(values), ...network(values), ...imageTags(values), ...optionalParts(values)];
}

function hosts({ hosts: list }: EnvironmentValues): Disagreement[] {
  return (['name', 'address', 'docker'] as const).flatMap((field) =>
    list.flatMap((host, index) => {
      const first = list.findIndex((other) => other[field] === host[field]);
      if (first === index) return [];
      const message = `"${host[field]}" stands at hosts[${first}] already, expected another ${field}`;
      return [{ path: ['hosts', index, field], message }];
    }),
  );
}

function network({ network: { mode, subnet, dynamic }, hosts: list }: EnvironmentValues): Disagreement[] {
  if (mode === 'host') {
    return Object.entries({ subnet, dynamic }).flatMap(([field, value]) =>
      value === undefined
        ? []
        : [
            {
              path: ['network', field],
              message: 'stands beside mode host, expected it with mode bridge only',
            },
          ],
    );
  }
  const faults: Disagreement[] = [];
  if (list.length > 1) {
    const message = `bridge with ${list.length} hosts, expected host: a bridge ends at its host`;
    faults.push({ path: ['network', 'mode'], message });
  }
  if (subnet === undefined)
    faults.push({ path: ['network', 'subnet'], message: 'missing, expected with mode bridge' });
  if (dynamic === undefined)
    faults.push({ path: ['network', 'dynamic'], message: 'missing, expected with mode bridge' });
  if (subnet !== undefined && dynamic !== undefined) {
    const [inner, outer] = [ipv4Network(dynamic), ipv4Network(subnet)];
    if (!isWithin(inner, outer) || inner.first === outer.first) {
      const message = `${dynamic} is not a later part of ${subnet}, expected one, so that the static addresses come before it`;
      faults.push({ path: ['network', 'dynamic'], message });
    }
  }
  return faults;
}

/** A tag that moves makes an environment that nobody can build again. */
function imageTags({ images }: EnvironmentValues): Disagreement[] {
  return Object.entries(images).flatMap(([kind, image]) =>
    image?.endsWith(':latest')
      ? [{ path: ['images', kind], message: `"${image}" moves, expected a fixed version as its tag` }]
      : [],
  );
}

/** What may be left out is left out everywhere: its image, its limits and its place. */
function optionalParts({ images, limits, published, embeddedClickHouse }: EnvironmentValues): Disagreement[] {
  const whole = (kind: string, parts: Readonly<Record<string, unknown>>): Disagreement[] => {
    const there = Object.keys(parts).filter((part) => parts[part] !== undefined);
    if (there.length === 0) return [];
    return Object.keys(parts)
      .filter((part) => parts[part] === undefined)
      .map((part) => ({
        path: [part, kind],
        message: `missing, expected because ${there[0]}.${kind} is there`,
      }));
  };
  const faults = [
    ...whole('clickhouse', { images: images.clickhouse, limits: limits.clickhouse }),
    ...whole('simulator', { images: images.simulator, limits: limits.simulator }),
    ...whole('prometheus', {
      images: images.prometheus,
      limits: limits.prometheus,
      published: published.prometheus,
    }),
    ...whole('grafana', { images: images.grafana, limits: limits.grafana, published: published.grafana }),
  ];
  if (images.grafana !== undefined && images.prometheus === undefined) {
    faults.push({
      path: ['images', 'prometheus'],
      message: 'missing, expected because Grafana reads from it',
    });
  }
  if (embeddedClickHouse && images.clickhouse === undefined) {
    faults.push({ path: ['images', 'clickhouse'], message: 'missing, expected with embeddedClickHouse' });
  }
  return faults;
}
