/** The queue that BullMQ's journey goes through; the process that adds and the one that works agree on it. */
export const JOURNEY_QUEUE = 'journey';
