/**
 * Network: ordered lines of ASCII text between two processes. A link delivers each line at most once and in
 * order, and may lose an unknown tail when it breaks: `send` returning says nothing about arrival.
 */
export type Endpoint = { readonly host: string; readonly port: number };

export type Link = {
  /** Where the other end is, for logs. */
  readonly remote: string;
  /**
   * Queues one line (without its line break). Returns false when the link is closed or its send queue is
   * beyond the bound; the link is then closing and the line was not sent.
   */
  readonly send: (line: string) => boolean;
  /** Registers the one receiver of lines. Lines that came before are kept for it, within the bound. */
  readonly onLine: (receive: (line: string) => void) => void;
  /** Registers a listener that is called once, with the reason, also when the link is closed already. */
  readonly onClosed: (listener: (reason: string) => void) => void;
  /** Closes the link; what was queued may be lost. Safe to call again. */
  readonly close: () => void;
};

export type Listener = {
  /** The port that was bound (useful where 0 was asked for). */
  readonly port: number;
  readonly close: () => void;
};

/**
 * `refused` means that the host answered and nothing listens there: the process is gone. All else (`timeout`,
 * `unreachable`) says nothing about the process. ARCHITECTURE section 6 builds the early takeover on this difference.
 */
export type DialFailure = 'refused' | 'timeout' | 'unreachable';

export type DialOutcome =
  | { readonly is: 'open'; readonly link: Link }
  | { readonly is: 'failed'; readonly why: DialFailure; readonly detail: string };

export type Network = {
  /** Listens; rejects with an error that names the endpoint when it cannot. */
  readonly listen: (endpoint: Endpoint, onLink: (link: Link) => void) => Promise<Listener>;
  /** Dials once; never rejects, and settles within `deadlineMs`. */
  readonly dial: (endpoint: Endpoint, deadlineMs: number) => Promise<DialOutcome>;
};

/** Longest line that a link carries, in characters; a longer one closes the link. */
export const LINE_CHARACTERS_MAX = 64 * 1024;
