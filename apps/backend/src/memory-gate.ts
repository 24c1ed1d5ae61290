/**
 * Whether a signal that opens may still be stored: below a share of Redis's memory. The memory is read once a second, and a
 * second is long: so what was let through since the reading began is counted by its own size, and each of several
 * backends takes only its part of what is left. What the backends together let through between two readings therefore
 * stays below the limit, however late the next reading is. What other writes add meanwhile (results, closes) is not in it.
 */
export type MemoryReading = {
  /** Memory that counts against maxmemory, and maxmemory. */
  readonly usedBytes: number;
  readonly mostBytes: number;
};

export type MemoryGate = {
  /** False before the first reading: then nothing is let through. */
  readonly isKnown: () => boolean;
  /** A reading begins: what is let through from now on may not be in it. Returns where its result goes. */
  readonly begin: () => (reading: MemoryReading) => void;
  /** Lets a signal of so many bytes through, or not. The returned function is called when its write is over. */
  readonly admit: (bodyBytes: number) => Admission;
};

export type Admission =
  | { readonly is: 'admitted'; readonly over: () => void }
  | { readonly is: 'refused'; readonly usedPercent: number | undefined };

export type MemoryGateOptions = {
  /** From this share of maxmemory on. */
  readonly refusedPercent: number;
  /** Backends that let signals through beside each other, this one included. */
  readonly backends: number;
};

/**
 * What one signal takes in Redis until it has its result, at most: measured 1155 bytes for a body of 109 and 1510 for one of
 * 309 when it is accepted; about as much again for its result.
 */
const FIXED_BYTES = 2048;
const PER_BODY_BYTE = 3;

/** Before the first reading nothing is let through. */
export function createMemoryGate({ refusedPercent, backends }: MemoryGateOptions): MemoryGate {
  let last: MemoryReading | undefined;
  /** Let through, and not certainly in the last reading. */
  let underWay = 0;
  let sinceBegin = 0;
  let sinceBefore = 0;

  return {
    isKnown: () => last !== undefined,
    begin: () => {
      // A reading that never came back leaves what it would have covered.
      sinceBefore += sinceBegin;
      sinceBegin = 0;
      const covered = sinceBefore;
      return (reading) => {
        last = reading;
        sinceBefore -= covered;
      };
    },
    admit: (bodyBytes) => {
      if (last === undefined) return { is: 'refused', usedPercent: undefined };
      const { usedBytes, mostBytes } = last;
      const bytes = FIXED_BYTES + PER_BODY_BYTE * bodyBytes;
      const own = underWay + sinceBegin + sinceBefore + bytes;
      if (usedBytes + own * backends > (mostBytes * refusedPercent) / 100) {
        return { is: 'refused', usedPercent: (usedBytes / mostBytes) * 100 };
      }
      underWay += bytes;
      let isOver = false;
      return {
        is: 'admitted',
        over: () => {
          if (isOver) return;
          isOver = true;
          underWay -= bytes;
          // It was written after the last reading began, or may have been.
          sinceBegin += bytes;
        },
      };
    },
  };
}
