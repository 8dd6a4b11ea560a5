import {
  type AddressHex,
  fail,
  type HashHex,
  type Height,
  type NodeId,
  ok,
  partToHex,
  type Result,
  type Term,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import type { ProtocolErrorCode, ProtocolFailure } from './errors.ts';

/**
 * Reads the canonical encoding of untrusted bytes (spec FMT-1, FMT-2). It never throws: the first fault is kept, and
 * everything read after it is an empty value, so a decoder reads straight on and asks once at the end. Loops are bounded
 * by `list`, which stops at the first fault.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;
  #failure: ProtocolFailure | undefined;

  /** `what`: name of the value, for messages. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  u8(): number {
    return this.#take(1) ? (this.#bytes[this.#at - 1] as number) : 0;
  }

  u32(): number {
    return this.#take(4) ? this.#view.getUint32(this.#at - 4) : 0;
  }

  /** u64 that must be a safe integer. */
  u64(): number {
    if (!this.#take(8)) return 0;
    const high = this.#view.getUint32(this.#at - 8);
    if (high > 0x1f_ffff) {
      this.fail('PROTOCOL_OUT_OF_RANGE', `a number above 2^53 - 1 stands at byte ${this.#at - 8}`);
      return 0;
    }
    return high * 0x1_0000_0000 + this.#view.getUint32(this.#at - 4);
  }

  u64Bigint(): bigint {
    return this.#take(8) ? this.#view.getBigUint64(this.#at - 8) : 0n;
  }

  u256(): bigint {
    if (!this.#take(32)) return 0n;
    let value = 0n;
    for (let at = this.#at - 32; at < this.#at; at += 8) value = (value << 64n) | this.#view.getBigUint64(at);
    return value;
  }

  boolean(): boolean {
    const value = this.u8();
    if (value > 1) this.fail('PROTOCOL_NOT_CANONICAL', `a boolean is 0 or 1, byte ${this.#at - 1} is ${value}`);
    return value === 1;
  }

  height(): Height {
    return this.u64() as Height;
  }

  term(): Term {
    return this.u64() as Term;
  }

  view(): View {
    return this.u64() as View;
  }

  validatorIndex(): ValidatorIndex {
    return this.u32() as ValidatorIndex;
  }

  /** Copy of `size` bytes, zeros when they are not there. Not by `slice`: of a Buffer, which a database gives, that is a view. */
  raw(size: number): Uint8Array {
    return this.#take(size) ? new Uint8Array(this.#bytes.subarray(this.#at - size, this.#at)) : new Uint8Array(size);
  }

  hash(): HashHex {
    return this.hex(32) as HashHex;
  }

  address(): AddressHex {
    return this.hex(20) as AddressHex;
  }

  nodeId(): NodeId {
    return this.hex(64) as NodeId;
  }

  /** `size` bytes as lower-case hex. */
  hex(size: number): string {
    return this.#take(size) ? partToHex(this.#bytes, this.#at - size, this.#at) : '0'.repeat(2 * size);
  }

  /** u32 length, at most `sizeMax`, and a copy of the bytes. */
  bytes(sizeMax: number): Uint8Array {
    const size = this.u32();
    if (size > sizeMax) {
      this.fail('PROTOCOL_LIMIT_EXCEEDED', `${size} bytes are announced, at most ${sizeMax} are allowed`);
      return new Uint8Array(0);
    }
    // Not by `raw`: bytes that were only announced must cost nothing.
    return this.#take(size) ? new Uint8Array(this.#bytes.subarray(this.#at - size, this.#at)) : new Uint8Array(0);
  }

  /** u32 count, at most `countMax`, and the items. */
  list<T>(countMax: number, read: (reader: this, index: number) => T): T[] {
    const count = this.u32();
    if (count > countMax)
      this.fail('PROTOCOL_LIMIT_EXCEEDED', `${count} items are announced, at most ${countMax} are allowed`);
    const items: T[] = [];
    for (let i = 0; i < count && !this.failed; i++) items.push(read(this, i));
    return items;
  }

  maybe<T>(read: (reader: this) => T): T | undefined {
    return this.list(1, read)[0];
  }

  /** Records a fault of the value itself; the first one counts. */
  fail(code: ProtocolErrorCode, message: string): void {
    this.#failure ??= { code, message: `${this.#what}: ${message}` };
  }

  /** The value, when nothing was wrong and nothing is left over. */
  finish<T>(value: T): Result<T, ProtocolFailure> {
    if (this.#failure === undefined && this.#at !== this.#bytes.length) {
      this.fail('PROTOCOL_TRAILING_BYTES', `${this.#bytes.length - this.#at} bytes too many`);
    }
    return this.#failure === undefined ? ok(value) : fail(this.#failure);
  }

  #take(size: number): boolean {
    if (this.#failure !== undefined) return false;
    if (this.#bytes.length - this.#at < size) {
      this.fail(
        'PROTOCOL_TRUNCATED',
        `${size} bytes were expected at byte ${this.#at}, ${this.#bytes.length - this.#at} are left`,
      );
      return false;
    }
    this.#at += size;
    return true;
  }
}
