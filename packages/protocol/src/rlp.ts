/**
 * RLP as Ethereum's Yellow Paper, appendix B, has it: strict and canonical. A value has one encoding, everything else
 * is refused. Reading is a cursor over the original bytes, without a tree of items.
 */
import { assert, bigintToBytes, bytesToBigint, concatBytes } from '@hansa/primitives';
import { RLP_DEPTH_MAX } from './limits.ts';

export type RlpFault =
  | 'truncated'
  | 'trailing'
  | 'not canonical'
  | 'not a list'
  | 'not a string'
  | 'too long'
  | 'too deep';

/** Bytes whose value is a safe integer for sure. */
const NUMBER_SIZE_MAX = 6;

/** Reads one RLP value. The first fault is kept; everything read after it is empty. */
export class RlpReader {
  readonly #bytes: Uint8Array;
  /** Ends of the lists that are open, outermost first. */
  readonly #ends: number[] = [];
  #at: number;
  #fault: RlpFault | undefined;
  #contentStart = 0;

  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#at = start;
  }

  get fault(): RlpFault | undefined {
    return this.#fault;
  }

  get position(): number {
    return this.#at;
  }

  /** True while the open list (outside all lists: the input) has more content. */
  get hasMore(): boolean {
    return this.#fault === undefined && this.#at < this.#end;
  }

  /** Enters a list; every `openList` needs its `closeList`. */
  openList(): void {
    const end = this.#header(true);
    if (this.#ends.length >= RLP_DEPTH_MAX) this.#fault ??= 'too deep';
    if (this.#fault !== undefined) return;
    this.#at = this.#contentStart;
    this.#ends.push(end);
  }

  /** Leaves a list, which must be read to its end. */
  closeList(): void {
    if (this.#fault !== undefined) return;
    if (this.#at !== this.#end) this.#fault = 'trailing';
    this.#ends.pop();
  }

  /** Content of a string: a view into the input. */
  string(): Uint8Array {
    const end = this.#header(false);
    if (this.#fault !== undefined) return EMPTY;
    const content = this.#bytes.subarray(this.#contentStart, end);
    this.#at = end;
    return content;
  }

  /** Number without leading zeros, of at most `sizeMax` bytes. */
  uint(sizeMax: number): bigint {
    const content = this.uintBytes(sizeMax);
    if (content.length > NUMBER_SIZE_MAX) return bytesToBigint(content);
    // Through a number: four times faster than through hex, and most fields are short.
    let value = 0;
    for (let i = 0; i < content.length; i++) value = value * 256 + (content[i] as number);
    return BigInt(value);
  }

  /** Digits of such a number: a view into the input, empty for zero. */
  uintBytes(sizeMax: number): Uint8Array {
    const content = this.string();
    if (content.length > sizeMax) this.#fault ??= 'too long';
    if (content[0] === 0) this.#fault ??= 'not canonical';
    return this.#fault === undefined ? content : EMPTY;
  }

  /** Outside all lists: whether everything was read. */
  finish(): void {
    if (this.#fault === undefined && this.#at !== this.#bytes.length) this.#fault = 'trailing';
  }

  get #end(): number {
    return this.#ends.length === 0 ? this.#bytes.length : (this.#ends[this.#ends.length - 1] as number);
  }

  /** Reads a prefix; leaves the start of the content in `#contentStart` and gives its end. */
  #header(wantsList: boolean): number {
    if (this.#fault !== undefined) return this.#at;
    const limit = this.#end;
    if (this.#at >= limit) return this.#faulty('truncated');
    const prefix = this.#bytes[this.#at] as number;
    if (wantsList !== prefix >= 0xc0) return this.#faulty(wantsList ? 'not a list' : 'not a string');
    if (prefix < 0x80) {
      this.#contentStart = this.#at;
      return this.#at + 1;
    }
    const base = wantsList ? 0xc0 : 0x80;
    const short = prefix - base;
    let size = short;
    this.#contentStart = this.#at + 1;
    if (short > 55) {
      const sizeOfSize = short - 55;
      // Four bytes of length are more than any input of ours has.
      if (sizeOfSize > 4) return this.#faulty('truncated');
      if (this.#at + 1 + sizeOfSize > limit) return this.#faulty('truncated');
      size = 0;
      for (let i = 0; i < sizeOfSize; i++) size = size * 256 + (this.#bytes[this.#at + 1 + i] as number);
      if (size < 56 || (this.#bytes[this.#at + 1] as number) === 0) return this.#faulty('not canonical');
      this.#contentStart += sizeOfSize;
    }
    const end = this.#contentStart + size;
    if (end > limit) return this.#faulty('truncated');
    if (!wantsList && size === 1 && (this.#bytes[this.#contentStart] as number) < 0x80)
      return this.#faulty('not canonical');
    return end;
  }

  #faulty(fault: RlpFault): number {
    this.#fault = fault;
    return this.#at;
  }
}

const EMPTY = new Uint8Array(0);

/** A string, or a list of items. */
export type RlpItem = Uint8Array | readonly RlpItem[];

export function encodeRlp(item: RlpItem): Uint8Array {
  return item instanceof Uint8Array ? encodeRlpString(item) : encodeRlpList(item.map(encodeRlp));
}

/** A list of items that are encoded already. */
export function encodeRlpList(encoded: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...encoded);
  return concatBytes(prefixOf(content.length, 0xc0), content);
}

/** Number as RLP has it: big-endian without leading zeros, zero is the empty string. */
export function rlpUint(value: bigint): Uint8Array {
  assert(value >= 0n, `a number from 0 was expected, got ${value}`);
  if (value === 0n) return EMPTY;
  return bigintToBytes(value, Math.ceil(value.toString(16).length / 2));
}

function encodeRlpString(content: Uint8Array): Uint8Array {
  if (content.length === 1 && (content[0] as number) < 0x80) return content;
  return concatBytes(prefixOf(content.length, 0x80), content);
}

/** Prefix of a string (base 0x80) or list (0xc0) with content of `size` bytes. */
function prefixOf(size: number, base: 0x80 | 0xc0): Uint8Array {
  if (size <= 55) return Uint8Array.of(base + size);
  const bytes = rlpUint(BigInt(size));
  return concatBytes(Uint8Array.of(base + 55 + bytes.length), bytes);
}

/** Prefix of a list whose content has `size` bytes. */
export const rlpListPrefix = (size: number): Uint8Array => prefixOf(size, 0xc0);
