/** A code as the compiler sees it: destinations of jumps, blocks, prices, what an opcode takes and gives. */
import { COMPILER_LIMITS } from './limits.ts';

/** u16 gas, u16 bytes of stack that it takes, u32 bytes that may lie on it beyond: 256 × 8 bytes, as the interpreter has it. */
export type OpTable = Uint8Array;

export type Operation = {
  readonly pc: number;
  readonly op: number;
  /** Of a PUSH; else 0. */
  readonly operand: bigint;
  /** Price in the table of this and what follows, up to the next opcode that pays more than that or sees the gas. */
  readonly gas: number;
  readonly beginsSegment: boolean;
};

export type Block = {
  readonly pc: number;
  readonly operations: readonly Operation[];
  /** The opcode behind, which the interpreter runs: undefined when the block ends in a jump or was cut. */
  readonly leaves: { readonly pc: number; readonly op: number } | undefined;
  readonly next: number;
  /** Words that must lie on the stack, and the most that it holds beyond those at the start. */
  readonly need: number;
  readonly growth: number;
};

const JUMPDEST = 0x5b;
export const JUMP = 0x56;
export const JUMPI = 0x57;
const WORD = 32;
const STACK_BYTES = 32_768;
/** Taken by an opcode that is not defined. */
const NEVER = 0xffff;

/** What ends or leaves the frame: the interpreter does it. STOP, CREATE, CALL and its kin, RETURN, REVERT, INVALID, SELFDESTRUCT. */
const isLeft = (op: number): boolean => op === 0 || op >= 0xf0;
/** Opens a frame above; it goes on behind. */
export const opensFrame = (op: number): boolean =>
  op === 0xf0 || op === 0xf1 || op === 0xf2 || op === 0xf4 || op === 0xf5 || op === 0xfa;

/** Opcodes that pay more than the table says, or see the gas that is left. Memory that grows is paid for where it happens. */
const ENDS_SEGMENT: ReadonlySet<number> = new Set([
  ...[0x0a, 0x20, 0x31, 0x37, 0x39, 0x3b, 0x3c, 0x3e, 0x3f, 0x54, 0x55, 0x5a, 0x5e],
  ...[0xa0, 0xa1, 0xa2, 0xa3, 0xa4],
]);
/** POP, CALLDATACOPY and its kin, stores, jumps, logs. */
const GIVES_NOTHING: ReadonlySet<number> = new Set([
  ...[0x37, 0x39, 0x3c, 0x3e, 0x50, 0x52, 0x53, 0x55, JUMP, JUMPI, JUMPDEST, 0x5d, 0x5e],
  ...[0xa0, 0xa1, 0xa2, 0xa3, 0xa4],
]);

export class Program {
  readonly code: Uint8Array;
  readonly #table: DataView;
  readonly #destinations: Uint8Array;
  readonly #blocks: Map<number, Block> = new Map();

  constructor(code: Uint8Array, table: OpTable) {
    this.code = code;
    this.#table = new DataView(table.buffer, table.byteOffset, table.byteLength);
    this.#destinations = destinationsOf(code);
  }

  get size(): number {
    return this.code.length;
  }

  isDestination(at: bigint): boolean {
    return at < BigInt(this.code.length) && this.#destinations[Number(at)] === 1;
  }

  blockAt(pc: number): Block {
    let block = this.#blocks.get(pc);
    if (block === undefined) {
      block = this.#readBlock(pc);
      this.#blocks.set(pc, block);
    }
    return block;
  }

  #readBlock(start: number): Block {
    const found: { pc: number; op: number; operand: bigint }[] = [];
    let pc = start;
    let leaves: Block['leaves'];
    let height = 0;
    let need = 0;
    let growth = 0;
    for (;;) {
      const op = this.code[pc] ?? 0;
      if (op === JUMPDEST && found.length > 0) break;
      const takesBytes = this.#table.getUint16(8 * op + 2, true);
      if (takesBytes === NEVER || isLeft(op)) {
        leaves = { pc, op };
        break;
      }
      if (found.length === COMPILER_LIMITS.blockSteps) break;
      const takes = takesBytes / WORD;
      const more = (STACK_BYTES - this.#table.getUint32(8 * op + 4, true) - takesBytes) / WORD;
      need = Math.max(need, takes - height);
      growth = Math.max(growth, height + more);
      height += more > 0 ? more : this.#gives(op, takes) - takes;
      const size = op >= 0x60 && op <= 0x7f ? op - 0x5f : 0;
      found.push({ pc, op, operand: this.#operandAt(pc + 1, size) });
      pc += 1 + size;
      if (op === JUMP || op === JUMPI) break;
    }
    return { pc: start, operations: this.#priced(found), leaves, next: pc, need, growth };
  }

  #gives(op: number, takes: number): number {
    if (GIVES_NOTHING.has(op)) return 0;
    return op >= 0x90 && op <= 0x9f ? takes : 1;
  }

  #operandAt(at: number, size: number): bigint {
    let value = 0n;
    for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(this.code[at + i] ?? 0);
    return value;
  }

  #priced(found: readonly { pc: number; op: number; operand: bigint }[]): Operation[] {
    const priced: Operation[] = [];
    let gas = 0;
    for (let i = found.length - 1; i >= 0; i--) {
      const operation = found[i] as (typeof found)[number];
      if (ENDS_SEGMENT.has(operation.op)) gas = 0;
      gas += this.#table.getUint16(8 * operation.op, true);
      const before = found[i - 1];
      priced.push({ ...operation, gas, beginsSegment: before === undefined || ENDS_SEGMENT.has(before.op) });
    }
    return priced.reverse();
  }
}

/** One byte per byte of code: 1 for a JUMPDEST that is not an operand. */
function destinationsOf(code: Uint8Array): Uint8Array {
  const found = new Uint8Array(code.length);
  for (let at = 0; at < code.length; at++) {
    const op = code[at] as number;
    if (op === JUMPDEST) found[at] = 1;
    else if (op >= 0x60 && op <= 0x7f) at += op - 0x5f;
  }
  return found;
}
