/** Numbers of containers that are Docker's and not the cluster's: those of the cluster are rows of ha-core's table. */

/**
 * Health checks are for who deploys and for who looks; nothing of Holdfast acts on them. Each starts a process, so they are
 * seldom. Written as Docker's own form of durations: the provider reads them back so, and another form is a change.
 */
export const HEALTH = {
  interval: '10s',
  timeout: '3s',
  retries: 3,
  startPeriod: '30s',
} as const;

/** Applying gives up on a container that is not healthy by then. */
export const SECONDS_TO_HEALTHY = 120;

/** Above the longest limit of our own processes (sync: 10 s); Redis has flushed its file long before. */
export const SECONDS_TO_STOP = 20;
