/** The wall clock of one machine: ahead or behind by an offset, and too fast or too slow. */
export class SimClock {
  readonly #time: { readonly nowUs: number };
  #offsetMs = 0;
  #driftPpm = 0;
  #setUs = 0;

  constructor(time: { readonly nowUs: number }) {
    this.#time = time;
  }

  /** Milliseconds ahead of virtual time; negative when it is behind. */
  get aheadMs(): number {
    return this.aheadMsAt(this.#time.nowUs);
  }

  aheadMsAt(us: number): number {
    return this.#offsetMs + Math.floor(((us - this.#setUs) / 1_000) * (this.#driftPpm / 1_000_000));
  }

  /** From now on this much ahead, and by a millionth of the elapsed time more for each of `driftPpm`. */
  set(offsetMs: number, driftPpm = 0): void {
    this.#offsetMs = offsetMs;
    this.#driftPpm = driftPpm;
    this.#setUs = this.#time.nowUs;
  }
}
