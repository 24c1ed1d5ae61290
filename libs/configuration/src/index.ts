/** `holdfast.yaml`: its schema, its loading, its secrets. */
export { ConfigurationError, type Fault } from './configuration-error.ts';
export { configurationJsonSchema } from './json-schema.ts';
export * from './load.ts';
export * from './redis-access.ts';
export * from './schema.ts';
