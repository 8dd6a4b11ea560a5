import { assert, writeHex } from '@hansa/primitives';

const CAPACITY_FIRST = 256;
const U64_END = 1n << 64n;
const U256_END = 1n << 256n;
/** Where numbers are put in order: a view for each writer would cost more than all that an account writes. */
const WORD: Uint8Array<ArrayBuffer> = new Uint8Array(32);
const WORD_VIEW: DataView = new DataView(WORD.buffer);
/** In the place of bytes that were given away. */
const FINISHED: Uint8Array = new Uint8Array(0);

/**
 * Canonical encoding (spec FMT-1): big-endian integers of fixed width, u32 before bytes and lists. For own values only:
 * a value that does not fit is a programmer's error.
 */
export class Writer {
  #bytes: Uint8Array;
  #size = 0;

  /** @param capacity bytes that are expected; when it is exact, nothing is copied */
  constructor(capacity: number = CAPACITY_FIRST) {
    this.#bytes = new Uint8Array(capacity);
  }

  u8(value: number): this {
    fits(Number.isInteger(value) && value >= 0 && value <= 0xff, 'a u8', value);
    const at = this.#reserve(1);
    this.#bytes[at] = value;
    return this;
  }

  u32(value: number): this {
    fits(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, 'a u32', value);
    const at = this.#reserve(4);
    this.#setU32(at, value);
    return this;
  }

  /** u64 of a safe integer: heights, views, milliseconds. */
  u64(value: number): this {
    fits(Number.isSafeInteger(value) && value >= 0, 'a safe integer from 0', value);
    const at = this.#reserve(8);
    this.#setU32(at, Math.floor(value / 0x1_0000_0000));
    this.#setU32(at + 4, value >>> 0);
    return this;
  }

  /** u64 of a bigint: gas, nonces. */
  u64Bigint(value: bigint): this {
    fits(value >= 0n && value < U64_END, 'a u64', value);
    const at = this.#reserve(8);
    WORD_VIEW.setBigUint64(0, value);
    for (let i = 0; i < 8; i++) this.#bytes[at + i] = WORD[i] as number;
    return this;
  }

  /** u256 of a bigint: amounts, prices. */
  u256(value: bigint): this {
    fits(value >= 0n && value < U256_END, 'a u256', value);
    const at = this.#reserve(32);
    WORD.fill(0);
    for (let i = 24, rest = value; rest !== 0n; i -= 8, rest >>= 64n) {
      WORD_VIEW.setBigUint64(i, BigInt.asUintN(64, rest));
    }
    this.#bytes.set(WORD, at);
    return this;
  }

  boolean(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  /** Bytes of fixed length, without a length before them. */
  raw(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** As `raw`, with the length that the format wants. */
  fixed(value: Uint8Array, size: number): this {
    assert(value.length === size, `${size} bytes were expected, got ${value.length}`);
    return this.raw(value);
  }

  /** Bytes of a fixed length that are held as hex: hashes, addresses, node ids. */
  hex(value: string, size: number): this {
    if (value.length !== 2 * size) assert(false, `${2 * size} hex digits were expected, got ${value.length}`);
    // The room first: it may move the bytes.
    const at = this.#reserve(size);
    writeHex(this.#bytes, at, value);
    return this;
  }

  /** u32 length and the bytes. */
  bytes(value: Uint8Array): this {
    return this.u32(value.length).raw(value);
  }

  /** u32 count and the items. */
  list<T>(items: readonly T[], write: (writer: this, item: T, index: number) => void): this {
    this.u32(items.length);
    for (let i = 0; i < items.length; i++) write(this, items[i] as T, i);
    return this;
  }

  /** A value that may be absent is a list of none or one (spec FMT-1: no optional fields). */
  maybe<T>(value: T | undefined, write: (writer: this, item: T) => void): this {
    return this.list(value === undefined ? [] : [value], write);
  }

  /** The bytes written, which belong to the caller: nothing can be written after it. */
  finish(): Uint8Array {
    const bytes = this.#bytes;
    this.#bytes = FINISHED;
    return this.#size === bytes.length ? bytes : bytes.slice(0, this.#size);
  }

  #setU32(at: number, value: number): void {
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
  }

  #reserve(size: number): number {
    assert(this.#bytes !== FINISHED, 'a writer that is not finished was expected');
    const at = this.#size;
    const needed = at + size;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    this.#size = needed;
    return at;
  }
}

/** As `assert`, but the message is made only for the one who needs it: it costs more than what is written. */
function fits(isFitting: boolean, wanted: string, got: number | bigint): void {
  if (!isFitting) assert(false, `${wanted} was expected, got ${got}`);
}
