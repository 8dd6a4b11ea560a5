/**
 * Time as the parts of a node see it. None of them asks the system itself, so that a simulator can run the same parts
 * on a time of its own. What is returned by `after` and `every` cancels; to cancel twice, or too late, does nothing.
 */
export type Clock = {
  /** Milliseconds since 1970. It may jump. */
  nowMs(): number;
  /** Milliseconds from any start that never go back. */
  monotonicMs(): number;
  /** Calls `run` once, `delayMs` from now or a little later. */
  after(delayMs: number, run: () => void): () => void;
  every(intervalMs: number, run: () => void): () => void;
  /** Calls `run` soon, from an empty stack. */
  defer(run: () => void): void;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every: (intervalMs, run) => {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
  defer: (run) => void setImmediate(run),
};
