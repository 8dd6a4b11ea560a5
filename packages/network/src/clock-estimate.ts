const SAMPLE_COUNT_MAX = 8;

type Sample = { readonly offsetMs: number; readonly roundTripMs: number };

/**
 * How far a peer's clock is from ours. Of the last samples the one with the shortest round trip counts, since half of
 * it bounds its error (the same choice as NTP's clock filter, RFC 5905 section 10).
 */
export class ClockEstimate {
  readonly #samples: Sample[] = [];

  /** The peer's time `theirMs` was read between `sentMs` and `receivedMs` of our clock. */
  add(times: { readonly sentMs: number; readonly receivedMs: number; readonly theirMs: number }): void {
    const roundTripMs = Math.max(0, times.receivedMs - times.sentMs);
    this.#samples.push({ offsetMs: times.theirMs - (times.sentMs + roundTripMs / 2), roundTripMs });
    if (this.#samples.length > SAMPLE_COUNT_MAX) this.#samples.shift();
  }

  best(): Sample | undefined {
    let best: Sample | undefined;
    for (const sample of this.#samples) if (best === undefined || sample.roundTripMs < best.roundTripMs) best = sample;
    return best === undefined
      ? undefined
      : { offsetMs: Math.round(best.offsetMs), roundTripMs: Math.round(best.roundTripMs * 10) / 10 };
  }
}
