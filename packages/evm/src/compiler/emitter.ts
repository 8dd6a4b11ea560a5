/**
 * Instructions of one function, by values instead of a stack: a limb is 64 bits, known now or in a local variable that is
 * written once on each path. What is known is computed here and costs nothing when the code runs.
 */
import { ByteWriter, SIMD_PREFIX, TYPE, WASM } from './wasm.ts';

/** A constant, or the index of a local variable. */
export type Limb = bigint | number;

/** Variables that every function has; those of limbs follow. */
export const LOCAL = {
  /** Address of the frame. */
  frame: 0,
  /** `STACK_SPAN` below the top of the stack as it was when the region began: offsets in instructions are unsigned. */
  stack: 1,
  /** Memory of the frame. */
  memory: 2,
  /** Bytes on the stack when the region began. */
  height: 3,
  /** An address in that memory. */
  at: 4,
  gas: 5,
  left: 6,
  answer: 7,
  vector: 8,
} as const;
export const LIMBS_START = 9;

const LIMB = 0xffff_ffff_ffff_ffffn;
const FOLD: Readonly<Record<number, (a: bigint, b: bigint) => bigint>> = {
  [WASM.i64Add]: (a, b) => (a + b) & LIMB,
  [WASM.i64Subtract]: (a, b) => (a - b) & LIMB,
  [WASM.i64Multiply]: (a, b) => (a * b) & LIMB,
  [WASM.i64And]: (a, b) => a & b,
  [WASM.i64Or]: (a, b) => a | b,
  [WASM.i64Xor]: (a, b) => a ^ b,
  [WASM.i64ShiftLeft]: (a, b) => (a << (b & 63n)) & LIMB,
  [WASM.i64ShiftRight]: (a, b) => a >> (b & 63n),
};

export class Emitter {
  readonly out: ByteWriter = new ByteWriter();
  /** Blocks around the next instruction. */
  nesting = 0;
  #next = LIMBS_START;
  #localMax = LIMBS_START;

  /** Variables of limbs that are needed at once. */
  get limbCount(): number {
    return this.#localMax - LIMBS_START;
  }

  get nextLocal(): number {
    return this.#next;
  }

  /** Variables from here on are free again: of a path that has ended. */
  release(next: number): void {
    this.#next = next;
  }

  op(...bytes: readonly number[]): void {
    for (const byte of bytes) this.out.byte(byte);
  }

  open(kind: number, type: number = TYPE.nothing): void {
    this.op(kind, type);
    this.nesting++;
  }

  close(): void {
    this.op(WASM.end);
    this.nesting--;
  }

  /** Out of the block that was opened when `nesting` was this. */
  branch(kind: number, nesting: number): void {
    this.op(kind);
    this.out.unsigned(this.nesting - nesting - 1);
  }

  local(kind: number, index: number): void {
    this.op(kind);
    this.out.unsigned(index);
  }

  i32(value: number): void {
    this.op(WASM.i32Const);
    this.out.signed(value | 0);
  }

  i64(value: bigint): void {
    this.op(WASM.i64Const);
    this.out.signed64(value);
  }

  /** A load or store, alignment not promised. */
  memory(kind: number, offset: number): void {
    this.op(kind, 0);
    this.out.unsigned(offset);
  }

  vector(instruction: number, offset?: number): void {
    this.op(SIMD_PREFIX);
    this.out.unsigned(instruction);
    if (offset === undefined) return;
    this.op(0);
    this.out.unsigned(offset);
  }

  get(limb: Limb): void {
    if (typeof limb === 'bigint') this.i64(limb);
    else this.local(WASM.localGet, limb);
  }

  /** Takes what was computed last. */
  take(): Limb {
    const index = this.#next++;
    if (this.#next > this.#localMax) this.#localMax = this.#next;
    this.local(WASM.localSet, index);
    return index;
  }

  binary(kind: number, a: Limb, b: Limb): Limb {
    const fold = FOLD[kind];
    if (typeof a === 'bigint' && typeof b === 'bigint' && fold !== undefined) return fold(a, b);
    const same = simplified(kind, a, b);
    if (same !== undefined) return same;
    this.get(a);
    this.get(b);
    this.op(kind);
    return this.take();
  }

  add(a: Limb, b: Limb): Limb {
    return this.binary(WASM.i64Add, a, b);
  }
  subtract(a: Limb, b: Limb): Limb {
    return this.binary(WASM.i64Subtract, a, b);
  }
  multiply(a: Limb, b: Limb): Limb {
    return this.binary(WASM.i64Multiply, a, b);
  }
  and(a: Limb, b: Limb): Limb {
    return this.binary(WASM.i64And, a, b);
  }
  or(a: Limb, b: Limb): Limb {
    return this.binary(WASM.i64Or, a, b);
  }
  xor(a: Limb, b: Limb): Limb {
    return this.binary(WASM.i64Xor, a, b);
  }
  shiftLeft(a: Limb, bits: number): Limb {
    return this.binary(WASM.i64ShiftLeft, a, BigInt(bits));
  }
  shiftRight(a: Limb, bits: number): Limb {
    return this.binary(WASM.i64ShiftRight, a, BigInt(bits));
  }

  /** 1 when a < b, unsigned, else 0. */
  isBelow(a: Limb, b: Limb): Limb {
    if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? 1n : 0n;
    if (b === 0n || a === LIMB || a === b) return 0n;
    return this.#compare(WASM.i64Less, a, b);
  }

  isEqual(a: Limb, b: Limb): Limb {
    if (typeof a === 'bigint' && typeof b === 'bigint') return a === b ? 1n : 0n;
    if (a === b) return 1n;
    return this.#compare(WASM.i64Equal, a, b);
  }

  isZero(a: Limb): Limb {
    if (typeof a === 'bigint') return a === 0n ? 1n : 0n;
    this.get(a);
    this.op(WASM.i64IsZero, WASM.i64Extend);
    return this.take();
  }

  #compare(kind: number, a: Limb, b: Limb): Limb {
    this.get(a);
    this.get(b);
    this.op(kind, WASM.i64Extend);
    return this.take();
  }
}

/** What needs no instruction: the value of an operation with 0, with all ones, or of twice the same. */
function simplified(kind: number, a: Limb, b: Limb): Limb | undefined {
  switch (kind) {
    case WASM.i64Add:
      return b === 0n ? a : a === 0n ? b : undefined;
    case WASM.i64Subtract:
      return b === 0n ? a : a === b ? 0n : undefined;
    case WASM.i64Multiply:
      if (a === 0n || b === 0n) return 0n;
      return b === 1n ? a : a === 1n ? b : undefined;
    case WASM.i64And:
      if (a === 0n || b === 0n) return 0n;
      return b === LIMB || a === b ? a : a === LIMB ? b : undefined;
    case WASM.i64Or:
      if (a === LIMB || b === LIMB) return LIMB;
      return b === 0n || a === b ? a : a === 0n ? b : undefined;
    case WASM.i64Xor:
      return b === 0n ? a : a === 0n ? b : a === b ? 0n : undefined;
    case WASM.i64ShiftLeft:
    case WASM.i64ShiftRight:
      return a === 0n || b === 0n ? a : undefined;
    default:
      return undefined;
  }
}
