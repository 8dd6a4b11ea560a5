import { BoundedQueue } from '@hansa/primitives';
import { FRAME_HEADER_SIZE } from './frame-decoder.ts';

/** Small frames are joined, large ones cut, to writes of this size: a write costs about as much as 10 KiB of bytes. */
export const WRITE_SIZE_MAX: number = 64 * 1024;
/** Frames in one queue, beside the limit in bytes: small frames have a cost too. */
const FRAME_COUNT_MAX = 16_384;

/** Where an outbox writes. `write` MUST NOT be called while `writable` is false. */
export type ByteSink = { readonly writable: boolean; write(bytes: Uint8Array): void };

export type OutboxOptions = {
  readonly queueSizeMax: number;
  readonly policy: 'dropOldest' | 'refuse';
  /** Bytes per turn of the event loop, so that other streams of the connection get theirs. */
  readonly turnSizeMax: number;
  readonly onEvicted: (count: number) => void;
  readonly schedule?: (run: () => void) => void;
};

/** NET-10: bounded queue of frames of one stream: joins and cuts them into writes, and waits while the sink is full. */
export class Outbox {
  readonly #sink: ByteSink;
  readonly #options: OutboxOptions;
  readonly #schedule: (run: () => void) => void;
  readonly #queue = new BoundedQueue<Uint8Array>(FRAME_COUNT_MAX);
  #size = 0;
  /** The frame being written, after its header; it can no longer be evicted. */
  #current: Uint8Array | undefined;
  #currentAt = 0;
  #scheduled = false;
  #closed = false;

  constructor(sink: ByteSink, options: OutboxOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#schedule = options.schedule ?? ((run) => void setImmediate(run));
  }

  /** Bytes waiting, without those of the frame being written. */
  get size(): number {
    return this.#size;
  }

  /** False: refused. Frames leave in the order of their calls. */
  push(frame: Uint8Array): boolean {
    if (this.#closed) return false;
    if (this.#isFull(frame.length)) {
      if (this.#options.policy === 'refuse') return false;
      this.#evictFor(frame.length);
    }
    this.#queue.push(frame);
    this.#size += frame.length;
    this.#wake();
    return true;
  }

  /** The sink takes bytes again. */
  onDrain(): void {
    this.#wake();
  }

  /** Writes all that the sink takes, now: for the last words before a close. */
  flush(): void {
    this.#write(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#closed = true;
    this.#queue.clear();
    this.#size = 0;
    this.#current = undefined;
  }

  #isFull(size: number): boolean {
    return this.#size + size > this.#options.queueSizeMax || this.#queue.size >= this.#queue.capacity;
  }

  #evictFor(size: number): void {
    let count = 0;
    while (this.#isFull(size)) {
      const oldest = this.#queue.shift();
      if (oldest === undefined) break;
      this.#size -= oldest.length;
      count++;
    }
    this.#options.onEvicted(count);
  }

  #wake(): void {
    if (this.#scheduled || this.#closed || !this.#hasWork()) return;
    this.#scheduled = true;
    this.#schedule(() => {
      this.#scheduled = false;
      this.#write(this.#options.turnSizeMax);
      if (this.#sink.writable) this.#wake();
    });
  }

  #hasWork(): boolean {
    return this.#current !== undefined || this.#queue.size > 0;
  }

  #write(sizeMax: number): void {
    let written = 0;
    while (!this.#closed && this.#sink.writable && written < sizeMax && this.#hasWork()) {
      const bytes = this.#nextWrite();
      written += bytes.length;
      this.#sink.write(bytes);
    }
  }

  #nextWrite(): Uint8Array {
    const waiting =
      (this.#current === undefined ? 0 : this.#current.length - this.#currentAt) +
      this.#size +
      FRAME_HEADER_SIZE * this.#queue.size;
    const out = new Uint8Array(Math.min(waiting, WRITE_SIZE_MAX));
    let at = 0;
    while (at < out.length) {
      if (this.#current === undefined) {
        // A header is never cut: what is left of the write stays unused.
        if (out.length - at < FRAME_HEADER_SIZE) break;
        const frame = this.#queue.shift();
        if (frame === undefined) break;
        this.#size -= frame.length;
        this.#current = frame;
        this.#currentAt = 0;
        new DataView(out.buffer).setUint32(at, frame.length);
        at += FRAME_HEADER_SIZE;
      }
      const size = Math.min(this.#current.length - this.#currentAt, out.length - at);
      out.set(this.#current.subarray(this.#currentAt, this.#currentAt + size), at);
      at += size;
      this.#currentAt += size;
      if (this.#currentAt === this.#current.length) this.#current = undefined;
    }
    return at === out.length ? out : out.subarray(0, at);
  }
}
