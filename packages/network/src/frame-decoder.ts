import type { Mismatch } from './preamble.ts';

/** Bytes before a frame: its length, NET-7. */
export const FRAME_HEADER_SIZE = 4;

/**
 * Cuts a byte stream into frames of NET-7: u32 length, big-endian, then as many bytes; none empty.
 * Bounded: keeps at the most one frame. A length above the limit is a fault at once, before any byte of it is kept.
 */
export class FrameDecoder {
  readonly #frameSizeMax: number;
  readonly #header = new Uint8Array(FRAME_HEADER_SIZE);
  #headerSize = 0;
  #frame = new Uint8Array(0);
  #have = 0;
  #want = 0;

  constructor(frameSizeMax: number) {
    this.#frameSizeMax = frameSizeMax;
  }

  /** Bytes kept of a frame that is not complete. */
  get pendingSize(): number {
    return this.#have;
  }

  /** Frames go to `onFrame` as bytes of their own. After a fault the decoder MUST NOT be used again. */
  push(chunk: Uint8Array, onFrame: (bytes: Uint8Array) => void): Mismatch | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerSize < FRAME_HEADER_SIZE) {
        this.#header[this.#headerSize++] = chunk[at++] as number;
        if (this.#headerSize === FRAME_HEADER_SIZE) {
          const fault = this.#begin();
          if (fault !== undefined) return fault;
        }
        continue;
      }
      const size = Math.min(this.#want - this.#have, chunk.length - at);
      this.#append(chunk.subarray(at, at + size));
      at += size;
      if (this.#have === this.#want) onFrame(this.#finish());
    }
    return undefined;
  }

  #begin(): Mismatch | undefined {
    this.#want = new DataView(this.#header.buffer).getUint32(0);
    if (this.#want > this.#frameSizeMax) {
      return {
        reason: 'protocolViolation',
        message: `announced a frame of ${this.#want} bytes, at most ${this.#frameSizeMax} are allowed here`,
      };
    }
    if (this.#want === 0) return { reason: 'protocolViolation', message: 'sent an empty frame' };
    return undefined;
  }

  /** Room grows with what has come, not with what was announced: an announcement alone must cost nothing. */
  #append(part: Uint8Array): void {
    const need = this.#have + part.length;
    if (need > this.#frame.length) {
      const grown = new Uint8Array(Math.min(this.#want, Math.max(need, 2 * this.#frame.length)));
      grown.set(this.#frame.subarray(0, this.#have));
      this.#frame = grown;
    }
    this.#frame.set(part, this.#have);
    this.#have = need;
  }

  #finish(): Uint8Array {
    const frame = this.#frame;
    this.#frame = new Uint8Array(0);
    this.#have = 0;
    this.#headerSize = 0;
    return frame;
  }
}
