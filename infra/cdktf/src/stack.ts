/** A stack with what all of its parts need: the Docker engine of each host, and each image once a host. */
import type { Environment } from './environment/load.ts';
import type { Host } from './environment/processes.ts';
import { type Part, stackName } from './naming.ts';
import {
  addImage,
  addProvider,
  addStack,
  type App,
  type DockerProvider,
  type Image,
  type TerraformStack,
} from './terraform.ts';

export type Stack = {
  readonly scope: TerraformStack;
  readonly environment: Environment;
  readonly engine: (host: Host) => DockerProvider;
  /** The image on a host: pulled when it is not there, and left there when the stack goes. */
  readonly image: (host: Host, name: string) => Image;
};

/** An empty stack, with its state in the environment's folder. */
export function createStack(app: App, environment: Environment, part: Part): Stack {
  const { hosts } = environment.values;
  const name = stackName(environment.name, part);
  const scope = addStack(app, name, `${environment.state}/${name}.tfstate`);
  const engines = new Map<string, DockerProvider>();
  const images = new Map<string, Image>();
  const engine = (host: Host): DockerProvider => {
    const known = engines.get(host.name);
    if (known !== undefined) return known;
    const alias = hosts.length > 1 ? { alias: host.name } : {};
    const made = addProvider(scope, `docker-${host.name}`, { host: host.docker, ...alias });
    engines.set(host.name, made);
    return made;
  };
  const image = (host: Host, name: string): Image => {
    const id = `image-${host.name}-${name.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
    const known = images.get(id);
    if (known !== undefined) return known;
    const made = addImage(scope, id, { name, keepLocally: true, provider: engine(host) });
    images.set(id, made);
    return made;
  };
  // The network is on every host, also where nothing of the stack runs yet.
  for (const host of hosts) engine(host);
  return { scope, environment, engine, image };
}
