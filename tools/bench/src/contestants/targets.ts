/** What targets-main.ts serves: the first part of each path. */
export const TARGETS = ['nothing', 'floor', 'bullmq', 'bullmq-wait'] as const;
export type Target = (typeof TARGETS)[number];
