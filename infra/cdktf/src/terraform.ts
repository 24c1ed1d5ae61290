/**
 * The one place that imports cdktf and its Docker provider. cdktf is archived upstream; a move to a successor is this
 * file, and the version in package.json. Full paths, because the provider's index loads every resource that it knows.
 *
 * A construct adds itself to its scope as it is made; here that is a function, so that it reads as what it does.
 */
import { Container, type ContainerConfig } from '@cdktf/provider-docker/lib/container/index.js';
import { Image, type ImageConfig } from '@cdktf/provider-docker/lib/image/index.js';
import { Network, type NetworkConfig } from '@cdktf/provider-docker/lib/network/index.js';
import { DockerProvider, type DockerProviderConfig } from '@cdktf/provider-docker/lib/provider/index.js';
import { Volume, type VolumeConfig } from '@cdktf/provider-docker/lib/volume/index.js';
import { App, LocalBackend, TerraformStack, Testing } from 'cdktf';
import type { Construct } from 'constructs';

export { App, Testing };
export type { Container, ContainerConfig, DockerProvider, Image, TerraformStack };

/** A stack with its state in a file. */
export function addStack(app: App, name: string, stateFile: string): TerraformStack {
  const stack = new TerraformStack(app, name);
  addState(stack, stateFile);
  return stack;
}

const addState = (stack: TerraformStack, path: string): LocalBackend => new LocalBackend(stack, { path });

export const addProvider = (scope: Construct, id: string, config: DockerProviderConfig): DockerProvider =>
  new DockerProvider(scope, id, config);

export const addImage = (scope: Construct, id: string, config: ImageConfig): Image =>
  new Image(scope, id, config);

export const addNetwork = (scope: Construct, id: string, config: NetworkConfig): Network =>
  new Network(scope, id, config);

export const addVolume = (scope: Construct, id: string, config: VolumeConfig): Volume =>
  new Volume(scope, id, config);

export const addDockerContainer = (scope: Construct, id: string, config: ContainerConfig): Container =>
  new Container(scope, id, config);
