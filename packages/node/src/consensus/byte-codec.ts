import { asciiBytes, assert, bytesToHex, type HashHex } from '@hansa/primitives';

/** Writes big-endian fixed-width integers, length-prefixed bytes and counted lists into one growing buffer. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(128);
  #view: DataView = new DataView(this.#bytes.buffer);
  #size = 0;

  u8(value: number): this {
    this.#bytes[this.#room(1)] = value;
    return this;
  }
  flag(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }
  u32(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value);
    return this;
  }
  /** A safe integer in eight bytes. */
  u64(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, `a natural number was expected, got ${value}`);
    const at = this.#room(8);
    this.#view.setUint32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value >>> 0);
    return this;
  }
  hash(value: HashHex): this {
    const at = this.#room(32);
    for (let i = 0; i < 32; i++) {
      this.#bytes[at + i] = (digitOf(value, 2 * i) << 4) | digitOf(value, 2 * i + 1);
    }
    return this;
  }
  bytes(value: Uint8Array): this {
    this.u32(value.length);
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
    return this;
  }
  text(value: string): this {
    return this.bytes(asciiBytes(value));
  }
  optional<T>(value: T | undefined, write: (value: T) => void): this {
    this.flag(value !== undefined);
    if (value !== undefined) write(value);
    return this;
  }
  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.u32(items.length);
    for (const item of items) write(item);
    return this;
  }
  /** The bytes belong to the caller. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #room(size: number): number {
    const at = this.#size;
    this.#size += size;
    if (this.#size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#size, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}

/** Texts of the store are ids. */
const TEXT_SIZE_MAX = 256;

/** Reads what `ByteWriter` wrote. @throws InvariantError when the bytes end early: own data behind a checksum */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
  u8(): number {
    return this.#bytes[this.#take(1)] as number;
  }
  flag(): boolean {
    const value = this.u8();
    assert(value <= 1, `0 or 1 was expected, got ${value}`);
    return value === 1;
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }
  u64(): number {
    const at = this.#take(8);
    const value = this.#view.getUint32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
    assert(Number.isSafeInteger(value), 'a number above 2^53 in the vote store');
    return value;
  }
  hash(): HashHex {
    const at = this.#take(32);
    return bytesToHex(this.#bytes.subarray(at, at + 32)) as HashHex;
  }
  bytes(): Uint8Array {
    const size = this.u32();
    const at = this.#take(size);
    return this.#bytes.slice(at, at + size);
  }
  text(): string {
    const bytes = this.bytes();
    assert(bytes.length <= TEXT_SIZE_MAX && bytes.every((byte) => byte < 0x80), 'a short ASCII text was expected');
    return String.fromCharCode(...bytes);
  }
  optional<T>(read: () => T): T | undefined {
    return this.flag() ? read() : undefined;
  }
  list<T>(read: () => T): T[] {
    const count = this.u32();
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read());
    return items;
  }

  #take(size: number): number {
    const at = this.#at;
    assert(at + size <= this.#bytes.length, 'a vote record ends early');
    this.#at += size;
    return at;
  }
}

const digitOf = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  return code < 58 ? code - 48 : code - 87;
};
