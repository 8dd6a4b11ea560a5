import type { AddressHex, HashHex } from '@hansa/primitives';

const DIGITS: Uint8Array = new Uint8Array(128);
for (let i = 0; i < 16; i++) DIGITS['0123456789abcdef'.charCodeAt(i)] = i;
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const LIMB = 64n;

/**
 * Linear memory as words. A word has its least significant byte first, hex has it last. Views are made anew whenever the
 * memory has grown.
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
    if (this.#bytes.buffer !== this.#memory.buffer) this.#renew();
    return this.#bytes;
  }

  get data(): DataView {
    if (this.#data.buffer !== this.#memory.buffer) this.#renew();
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

  /** Bytes of hex, the last first. */
  #writeHex(at: number, hex: string, size: number): void {
    const { bytes } = this;
    for (let i = 0, digit = 2 * size - 2; i < size; i++, digit -= 2)
      bytes[at + i] = ((DIGITS[hex.charCodeAt(digit)] as number) << 4) | (DIGITS[hex.charCodeAt(digit + 1)] as number);
  }

  #readHex(at: number, size: number): string {
    const { bytes } = this;
    let hex = '';
    for (let i = size - 1; i >= 0; i--) hex += HEX[bytes[at + i] as number];
    return hex;
  }

  writeAddress(at: number, address: AddressHex): void {
    this.#writeHex(at, address, 20);
    this.bytes.fill(0, at + 20, at + 32);
  }

  readAddress(at: number): AddressHex {
    return this.#readHex(at, 20) as AddressHex;
  }

  writeHash(at: number, hash: HashHex): void {
    this.#writeHex(at, hash, 32);
  }

  readHash(at: number): HashHex {
    return this.#readHex(at, 32) as HashHex;
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
    const { bytes } = this;
    let hex = '';
    for (let i = 0; i < 32; i++) hex += HEX[bytes[at + i] as number];
    return hex as HashHex;
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
