/** Share of a new sample in the mean. */
const SAMPLE_WEIGHT = 0.3;
/** A block that came at once after another still took some time to make. */
const SAMPLE_MS_MIN = 10;
/** After a pause the first block measures the pause, not the chain: it counts as having taken at the most this long. */
const SAMPLE_MS_MAX = 1_000;

/** How many transactions the chain makes final per second, as far as it has been seen. */
export type CommitRate = {
  onCommitted(transactionCount: number): void;
  perSecond(): number;
};

export function createCommitRate(monotonicMs: () => number): CommitRate {
  let lastMs = monotonicMs();
  let mean = 0;
  return {
    onCommitted: (transactionCount) => {
      const nowMs = monotonicMs();
      const tookMs = Math.min(SAMPLE_MS_MAX, Math.max(SAMPLE_MS_MIN, nowMs - lastMs));
      lastMs = nowMs;
      mean += SAMPLE_WEIGHT * ((transactionCount * 1_000) / tookMs - mean);
    },
    perSecond: () => mean,
  };
}
