import type { AddressHex, HashHex } from '@hansa/primitives';

const DIGITS: Uint8Array = new Uint8Array(128);
for (let i = 0; i < 16; i++) DIGITS['0123456789abcdef'.charCodeAt(i)] = i;
/** Two digits of each byte. */
const CODES: Uint8Array = new Uint8Array(512);
for (let i = 0; i < 512; i++) CODES[i] = '0123456789abcdef'.charCodeAt(i % 2 === 0 ? i >> 5 : (i >> 1) & 15);
const LIMB = 64n;

/**
 * Linear memory as words. A word has its least significant byte first, hex has it last. Views are made anew whenever the
 * memory has grown: that leaves the old ones with a length of 0.
 */
export class MemoryView {
  readonly #memory: { readonly buffer: ArrayBuffer };
  #bytes: Uint8Array;
  #data: DataView;

  constructor(memory: { readonly buffer: ArrayBuffer }) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#data = new DataView(memory.buffer);
  }

  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#renew();
    return this.#bytes;
  }

  get data(): DataView {
    if (this.#bytes.length === 0) this.#renew();
    return this.#data;
  }

  #renew(): void {
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#data = new DataView(this.#memory.buffer);
  }

  writeBigint(at: number, value: bigint): void {
    const { data } = this;
    data.setBigUint64(at, BigInt.asUintN(64, value), true);
    if (value >> LIMB === 0n) {
      this.bytes.fill(0, at + 8, at + 32);
      return;
    }
    data.setBigUint64(at + 8, BigInt.asUintN(64, value >> LIMB), true);
    data.setBigUint64(at + 16, BigInt.asUintN(64, value >> 128n), true);
    data.setBigUint64(at + 24, BigInt.asUintN(64, value >> 192n), true);
  }

  readBigint(at: number): bigint {
    const { data } = this;
    const low = data.getBigUint64(at, true);
    const middle = data.getBigUint64(at + 8, true);
    const upper = data.getBigUint64(at + 16, true);
    const high = data.getBigUint64(at + 24, true);
    if (high === 0n && upper === 0n) return middle === 0n ? low : (middle << LIMB) | low;
    return (((((high << LIMB) | upper) << LIMB) | middle) << LIMB) | low;
  }

  isZero(at: number): boolean {
    const { data } = this;
    for (let i = 0; i < 32; i += 4) if (data.getUint32(at + i, true) !== 0) return false;
    return true;
  }

  /** Bytes of hex, the last first. */
  #writeHex(at: number, hex: string, size: number): void {
    const { bytes } = this;
    for (let i = 0, digit = 2 * size - 2; i < size; i++, digit -= 2)
      bytes[at + i] = ((DIGITS[hex.charCodeAt(digit)] as number) << 4) | (DIGITS[hex.charCodeAt(digit + 1)] as number);
  }

  /** Hex of 8 bytes, from `at` on in steps of 1 or -1. */
  #hex8(at: number, step: 1 | -1): string {
    const { bytes } = this;
    const a = 2 * (bytes[at] as number);
    const b = 2 * (bytes[at + step] as number);
    const c = 2 * (bytes[at + 2 * step] as number);
    const d = 2 * (bytes[at + 3 * step] as number);
    const e = 2 * (bytes[at + 4 * step] as number);
    const f = 2 * (bytes[at + 5 * step] as number);
    const g = 2 * (bytes[at + 6 * step] as number);
    const h = 2 * (bytes[at + 7 * step] as number);
    // Half the time of adding digits one by one.
    // biome-ignore format: pairs
    return String.fromCharCode(
      CODES[a] as number, CODES[a + 1] as number, CODES[b] as number, CODES[b + 1] as number,
      CODES[c] as number, CODES[c + 1] as number, CODES[d] as number, CODES[d + 1] as number,
      CODES[e] as number, CODES[e + 1] as number, CODES[f] as number, CODES[f + 1] as number,
      CODES[g] as number, CODES[g + 1] as number, CODES[h] as number, CODES[h + 1] as number,
    );
  }

  writeAddress(at: number, address: AddressHex): void {
    this.#writeHex(at, address, 20);
    this.bytes.fill(0, at + 20, at + 32);
  }

  readAddress(at: number): AddressHex {
    return (this.#hex8(at + 19, -1) + this.#hex8(at + 11, -1) + this.#hex8(at + 7, -1).slice(8)) as AddressHex;
  }

  writeHash(at: number, hash: HashHex): void {
    this.#writeHex(at, hash, 32);
  }

  readHash(at: number): HashHex {
    return (this.#hex8(at + 31, -1) +
      this.#hex8(at + 23, -1) +
      this.#hex8(at + 15, -1) +
      this.#hex8(at + 7, -1)) as HashHex;
  }

  /** 32 bytes, most significant first, as a word. */
  writeWord(at: number, word: Uint8Array): void {
    const { bytes } = this;
    for (let i = 0; i < 32; i++) bytes[at + i] = word[31 - i] as number;
  }

  readWord(at: number): Uint8Array {
    return this.bytes.slice(at, at + 32).reverse();
  }

  /** Hex of bytes as they lie there: a hash that is no word. */
  readRawHash(at: number): HashHex {
    return (this.#hex8(at, 1) + this.#hex8(at + 8, 1) + this.#hex8(at + 16, 1) + this.#hex8(at + 24, 1)) as HashHex;
  }

  /** Whether these bytes lie there; a multiple of 4. */
  holds(at: number, words: Uint32Array): boolean {
    const { data } = this;
    for (let i = 0; i < words.length; i++) if (data.getUint32(at + 4 * i, true) !== words[i]) return false;
    return true;
  }

  writeRawHash(at: number, hash: HashHex): void {
    const { bytes } = this;
    for (let i = 0; i < 32; i++)
      bytes[at + i] =
        ((DIGITS[hash.charCodeAt(2 * i)] as number) << 4) | (DIGITS[hash.charCodeAt(2 * i + 1)] as number);
  }

  u32(at: number): number {
    return this.data.getUint32(at, true);
  }

  setU32(at: number, value: number): void {
    this.data.setUint32(at, value, true);
  }

  u64(at: number): bigint {
    return this.data.getBigUint64(at, true);
  }

  setU64(at: number, value: bigint): void {
    this.data.setBigUint64(at, value, true);
  }
}
