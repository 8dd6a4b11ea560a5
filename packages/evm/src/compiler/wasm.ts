/** Bytes of WebAssembly (core specification 2.0, section 5): numbers, instructions that the compiler uses, sections. */
export const WASM = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  i64Load: 0x29,
  i64Load32: 0x35,
  i32Store: 0x36,
  i64Store: 0x37,
  i64Store8: 0x3c,
  i32Const: 0x41,
  i64Const: 0x42,
  i32IsZero: 0x45,
  i32Equal: 0x46,
  i32LessSigned: 0x48,
  i32Less: 0x49,
  i32Greater: 0x4b,
  i32GreaterEqualSigned: 0x4e,
  i64IsZero: 0x50,
  i64Equal: 0x51,
  i64NotEqual: 0x52,
  i64LessSigned: 0x53,
  i64Less: 0x54,
  i64Greater: 0x56,
  i64GreaterEqual: 0x5a,
  i64GreaterEqualSigned: 0x59,
  i32Add: 0x6a,
  i32Subtract: 0x6b,
  i32Or: 0x72,
  i64Add: 0x7c,
  i64Subtract: 0x7d,
  i64Multiply: 0x7e,
  i64Divide: 0x80,
  i64Remainder: 0x82,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64ShiftLeft: 0x86,
  i64ShiftRight: 0x88,
  i32Wrap: 0xa7,
  i64Extend: 0xad,
} as const;

/** Behind the byte 0xfd. */
export const SIMD = {
  load: 0,
  store: 11,
  constant: 12,
  shuffle: 13,
  splat: 18,
  extractLane: 29,
  replaceLane: 30,
} as const;
export const SIMD_PREFIX = 0xfd;

export const TYPE = {
  i32: 0x7f,
  i64: 0x7e,
  v128: 0x7b,
  nothing: 0x40,
  function: 0x60,
  functionReference: 0x70,
} as const;

const BYTES_START = 1_024;

/** Bytes that grow. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(BYTES_START);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  byte(value: number): void {
    if (this.#size === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#size++] = value;
  }

  all(bytes: Uint8Array): void {
    if (this.#size + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** LEB128 of a number from 0 to 2^32 - 1. */
  unsigned(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** LEB128 of a number from -2^31 to 2^31 - 1. */
  signed(value: number): void {
    let rest = value;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** LEB128 of the 64 bits of a number, as a signed one. */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    if (rest >= -0x40000000n && rest < 0x40000000n) {
      this.signed(Number(rest));
      return;
    }
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** A name of ASCII letters. */
  name(text: string): void {
    this.unsigned(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  /** A copy. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #grow(more: number): void {
    const grown = new Uint8Array(2 * this.#bytes.length + more);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
