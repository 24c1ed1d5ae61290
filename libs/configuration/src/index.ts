/** `holdfast.yaml`: its schema, its loading, its secrets. */
export * from './schema.ts';
export * from './load.ts';
