import type { Height } from '@hansa/primitives';

/** Weight of the newest block in the mean: a change of load counts after three or four. */
const NEWEST_SHARE = 0.3;
/** Without a block for so long the chain rests, and what was measured before says nothing any more. */
const REST_MS = 2_000;
/** Heights whose times are remembered; a window is smaller. */
const REMEMBERED_MAX = 1_024;

/**
 * How quick the chain is now, as this node sees it. A block, a frame and a change of thread have a fixed price, whatever
 * is in them; when the machine is short of time, larger and fewer ones give some of it back. Local policy: no two nodes
 * have to agree on it.
 */
export type Pace = {
  /** A proposal of this height is followed here from now on. */
  onFollowed(height: Height): void;
  onCommitted(height: Height): void;
  /** From a proposal to finality, mean of the last blocks in milliseconds; 0 on a chain that rests. */
  blockMs(): number;
};

export function createPace(monotonicMs: () => number): Pace {
  const followedAtMs = new Map<Height, number>();
  let meanMs = 0;
  let committedAtMs = Number.NEGATIVE_INFINITY;

  const isResting = (): boolean => monotonicMs() - committedAtMs > REST_MS;

  return {
    onFollowed: (height) => {
      if (followedAtMs.has(height)) return;
      followedAtMs.set(height, monotonicMs());
      const [oldest] = followedAtMs.keys();
      if (followedAtMs.size > REMEMBERED_MAX && oldest !== undefined) followedAtMs.delete(oldest);
    },
    onCommitted: (height) => {
      const since = followedAtMs.get(height);
      for (const known of followedAtMs.keys()) if (known <= height) followedAtMs.delete(known);
      // A block that came by sync: nothing was waited for here.
      if (since === undefined) return;
      const tookMs = monotonicMs() - since;
      meanMs = isResting() ? tookMs : meanMs + NEWEST_SHARE * (tookMs - meanMs);
      committedAtMs = monotonicMs();
    },
    blockMs: () => (isResting() ? 0 : meanMs),
  };
}
