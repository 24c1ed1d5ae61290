/** `holdfast.yaml`: its schema, its loading, its secrets; and what other files with a schema are checked with. */
export { checkedText, type Disagreement, type FileForm, readYamlFile } from './checked-file.ts';
export { ConfigurationError, type Fault, pathText } from './configuration-error.ts';
export { configurationJsonSchema } from './json-schema.ts';
export * from './load.ts';
export * from './redis-access.ts';
export * from './schema.ts';
