/** What every process of Holdfast is made of besides its loops: the real Host and Network, log, metrics, health, shutdown. */
export * from './command.ts';
export * from './compiled.ts';
export * from './cpu-pressure.ts';
export * from './health.ts';
export * from './host.ts';
export * from './log.ts';
export * from './metrics.ts';
export * from './network.ts';
export * from './progress.ts';
export * from './service-manager.ts';
export * from './shutdown.ts';
