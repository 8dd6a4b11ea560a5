import type { Height } from '@hansa/primitives';

/** A chain that has rested begins with this, and no load makes it less: a proposal has a fixed price, too. */
const COUNT_MIN = 500;
const COUNT_MAX = 10_000;
/** Part of the view time-out within which what is ordered should be final: more is allowed below it. */
const QUICK_SHARE = 0.3;
/** Above this part the window holds too much work: less is allowed. */
const SLOW_SHARE = 0.6;
const GROWTH = 1.25;
const CUT = 0.7;
/** Heights whose times are remembered; a window is smaller. */
const REMEMBERED_MAX = 1_024;

/**
 * How many transactions may be ordered and not final. More would wait in the window instead of in the pool, and the
 * window's work must be done well within the view time-out, or overload looks like a faulty primary. The
 * limit grows while it is reached and blocks are quick, and is cut when they are
 * slow (the rule of TCP's congestion window, RFC 5681). It is local policy: no two nodes need to agree on it.
 */
export type InFlightLimit = {
  count(): number;
  /** A proposal of this primary leaves. `isCut`: the limit kept something out of it. */
  onProposed(height: Height, isCut: boolean): void;
  onCommitted(height: Height, viewTimeoutMs: number): void;
};

export function createInFlightLimit(monotonicMs: () => number): InFlightLimit {
  let limit = COUNT_MIN;
  const proposed = new Map<Height, { readonly atMs: number; readonly isCut: boolean }>();
  return {
    count: () => Math.floor(limit),
    onProposed: (height, isCut) => {
      proposed.set(height, { atMs: monotonicMs(), isCut });
      const [oldest] = proposed.keys();
      if (proposed.size > REMEMBERED_MAX && oldest !== undefined) proposed.delete(oldest);
    },
    onCommitted: (height, viewTimeoutMs) => {
      const own = proposed.get(height);
      for (const known of proposed.keys()) if (known <= height) proposed.delete(known);
      if (own === undefined) return;
      const tookMs = monotonicMs() - own.atMs;
      if (tookMs > SLOW_SHARE * viewTimeoutMs) limit = Math.max(COUNT_MIN, limit * CUT);
      else if (own.isCut && tookMs < QUICK_SHARE * viewTimeoutMs) limit = Math.min(COUNT_MAX, limit * GROWTH);
    },
  };
}
