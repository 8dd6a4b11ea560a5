/** What comes so many base time-outs later and is ordered before is censorship, however often views have changed. */
const BASES_MAX = 64;
const BASES_MIN = 2;
/** A chain whose blocks take long is full: transactions reach one node that much before another. */
const BLOCKS = 4;
const GROWTH = 1.5;
/** One accusation is forgotten for each of these without another. */
const FORGET_MS = 30_000;

/**
 * By how much something has to come later, and be ordered before, until the primary is a censor (PBFT-V2). On machines that
 * are full, what one node was given long ago reaches another only now; with a fixed patience every new primary was accused of
 * that at once, and views changed without end. It grows with each accusation, since one that is followed by the next under
 * another primary was probably none of the primary's fault. Local policy: no two nodes have to agree on it.
 */
export type OvertakingPatience = {
  marginMs(baseMs: number): number;
  /** This node accuses a primary, for the first time in its view. */
  onAccused(): void;
};

export function createOvertakingPatience(options: {
  /** From a proposal to finality, as it takes now. */
  readonly blockMs: () => number;
  readonly monotonicMs: () => number;
}): OvertakingPatience {
  const { blockMs, monotonicMs } = options;
  let accusations = 0;
  let countedAtMs = 0;

  function forget(): void {
    const forgotten = Math.floor((monotonicMs() - countedAtMs) / FORGET_MS);
    if (forgotten === 0) return;
    accusations = Math.max(0, accusations - forgotten);
    countedAtMs += forgotten * FORGET_MS;
  }

  return {
    marginMs: (baseMs) => {
      forget();
      const least = Math.max(BASES_MIN * baseMs, BLOCKS * blockMs());
      return Math.min(BASES_MAX * baseMs, least * GROWTH ** accusations);
    },
    onAccused: () => {
      forget();
      // Beyond these the margin is at its limit: what lasts should not take longer to forget.
      if (GROWTH ** accusations < BASES_MAX) accusations++;
      countedAtMs = monotonicMs();
    },
  };
}
