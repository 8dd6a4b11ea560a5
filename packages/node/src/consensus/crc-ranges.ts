import { crc32 } from 'node:zlib';

/** Bytes between two kept checksums: work of a question against memory. */
const STRIDE = 1_024;
/** CRC-32 of IEEE 802.3, bits reversed, as zlib has it. Bit 31 of a number below is x^0, bit 0 is x^31. */
const POLYNOMIAL = 0xedb8_8320;
const ONE = 0x8000_0000 | 0;

/**
 * Checksums of many ranges of the same bytes, each in some microseconds however long the range is: CRC-32 is linear, so
 * that of a range follows from those of two beginnings. Keeps 8 bytes for each KiB.
 */
export class CrcRanges {
  readonly #bytes: Uint8Array;
  /** Of the first 0, 1, 2, … strides. */
  readonly #known: number[] = [0];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The same as `crc32(bytes.subarray(from, end), initial)`. */
  checksum(from: number, end: number, initial: number): number {
    return (shifted(initial ^ this.#upTo(from), end - from) ^ this.#upTo(end)) >>> 0;
  }

  #upTo(at: number): number {
    const stride = Math.floor(at / STRIDE);
    for (let next = this.#known.length; next <= stride; next++) {
      const part = this.#bytes.subarray((next - 1) * STRIDE, next * STRIDE);
      this.#known.push(crc32(part, this.#known[next - 1] as number));
    }
    return crc32(this.#bytes.subarray(stride * STRIDE, at), this.#known[stride] as number);
  }
}

/** The checksum after `size` zero bytes more, without the inversions of CRC-32: times x^(8 · size). */
function shifted(checksum: number, size: number): number {
  let power = ONE;
  for (let left = size, at = 3; left > 0; left = Math.floor(left / 2), at++) {
    if (left % 2 === 1) power = product(SQUARES[at % 32] as number, power);
  }
  return product(power, checksum);
}

/** a · b modulo the polynomial, over GF(2). */
function product(a: number, b: number): number {
  let sum = 0;
  let factor = b;
  for (let bit = ONE, left = a; left !== 0; bit >>>= 1) {
    if ((left & bit) !== 0) {
      sum ^= factor;
      left ^= bit;
    }
    factor = (factor & 1) === 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return sum;
}

/** x^(2^n); its powers come again after 32 of them. */
const SQUARES: readonly number[] = squares();

function squares(): number[] {
  const list = [0x4000_0000];
  for (let n = 1; n < 32; n++) list.push(product(list[n - 1] as number, list[n - 1] as number));
  return list;
}
