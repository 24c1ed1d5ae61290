/**
 * The one place that imports cdktf and its Docker provider. cdktf is archived upstream; a move to a successor is this
 * file, and the version in package.json. Full paths, because the provider's index loads every resource that it knows.
 */
export { App, LocalBackend, TerraformStack, Testing } from 'cdktf';
export { Construct } from 'constructs';
export { Container, type ContainerConfig } from '@cdktf/provider-docker/lib/container/index.js';
export { Image } from '@cdktf/provider-docker/lib/image/index.js';
export { Network } from '@cdktf/provider-docker/lib/network/index.js';
export { DockerProvider } from '@cdktf/provider-docker/lib/provider/index.js';
export { Volume } from '@cdktf/provider-docker/lib/volume/index.js';
