/** Virtual time in microseconds from 0, and what happens when: a binary heap, first in first out at equal times. */
export class EventQueue {
  #times: number[] = [];
  #orders: number[] = [];
  #runs: (() => void)[] = [];
  #order = 0;
  #nowUs = 0;
  #ranCount = 0;

  get nowUs(): number {
    return this.#nowUs;
  }

  get nowMs(): number {
    return Math.floor(this.#nowUs / 1000);
  }

  /** Events that have happened. */
  get ranCount(): number {
    return this.#ranCount;
  }

  get size(): number {
    return this.#times.length;
  }

  after(delayUs: number, run: () => void): void {
    this.at(this.#nowUs + delayUs, run);
  }

  at(timeUs: number, run: () => void): void {
    let child = this.#times.length;
    const order = this.#order++;
    this.#times.push(timeUs);
    this.#orders.push(order);
    this.#runs.push(run);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Everybody sleeps: time passes, and what is due in a second is still due in a second. */
  jump(us: number): void {
    this.#nowUs += us;
    for (let i = 0; i < this.#times.length; i++) this.#times[i] = (this.#times[i] as number) + us;
  }

  /** Runs everything up to this time, then stands at it. `isDone` stops it early. */
  runUntil(timeUs: number, isDone: () => boolean = () => false): void {
    while (this.#times.length > 0 && (this.#times[0] as number) <= timeUs) {
      this.#nowUs = this.#times[0] as number;
      const run = this.#takeFirst();
      this.#ranCount++;
      run();
      if (isDone()) return;
    }
    this.#nowUs = Math.max(this.#nowUs, timeUs);
  }

  #takeFirst(): () => void {
    const first = this.#runs[0] as () => void;
    const last = this.#times.length - 1;
    this.#swap(0, last);
    this.#times.pop();
    this.#orders.pop();
    this.#runs.pop();
    for (let parent = 0; ; ) {
      let child = 2 * parent + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#isBefore(child + 1, child)) child++;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      parent = child;
    }
    return first;
  }

  #isBefore(a: number, b: number): boolean {
    const difference = (this.#times[a] as number) - (this.#times[b] as number);
    return difference < 0 || (difference === 0 && (this.#orders[a] as number) < (this.#orders[b] as number));
  }

  #swap(a: number, b: number): void {
    const [times, orders, runs] = [this.#times, this.#orders, this.#runs];
    const time = times[a] as number;
    times[a] = times[b] as number;
    times[b] = time;
    const order = orders[a] as number;
    orders[a] = orders[b] as number;
    orders[b] = order;
    const run = runs[a] as () => void;
    runs[a] = runs[b] as () => void;
    runs[b] = run;
  }
}
