/** What became final in this time counts. */
const WINDOW_MS = 2_000;
/** Blocks that are remembered within it; beyond that the oldest are forgotten early. */
const SAMPLE_COUNT_MAX = 1_024;

/** How many transactions the chain makes final per second, as far as it has been seen. */
export type CommitRate = {
  onCommitted(transactionCount: number): void;
  /** Mean over the last two seconds. */
  perSecond(): number;
};

export function createCommitRate(monotonicMs: () => number): CommitRate {
  let samples: { readonly atMs: number; readonly count: number }[] = [];
  let total = 0;

  function forget(): void {
    const sinceMs = monotonicMs() - WINDOW_MS;
    let oldCount = Math.max(0, samples.length - SAMPLE_COUNT_MAX);
    for (let i = 0; i < samples.length; i++) {
      const sample = samples[i] as (typeof samples)[number];
      if (sample.atMs > sinceMs && i >= oldCount) break;
      oldCount = i + 1;
      total -= sample.count;
    }
    if (oldCount > 0) samples = samples.slice(oldCount);
  }

  return {
    onCommitted: (count) => {
      samples.push({ atMs: monotonicMs(), count });
      total += count;
      forget();
    },
    perSecond: () => {
      forget();
      return (total * 1_000) / WINDOW_MS;
    },
  };
}
