/** MLOAD, MSTORE and MSTORE8: every address is checked against the size of the frame's memory before it is used. */
import { type Emitter, type Limb, LOCAL } from './emitter.ts';
import { FRAME } from './engine-layout.ts';
import type { OperationScope } from './operation-scope.ts';
import type { Path } from './path.ts';
import type { Operation } from './program.ts';
import type { Stack } from './stack.ts';
import { SIMD, WASM } from './wasm.ts';
import { isOneLimb, knownValue, type Word } from './words.ts';

const MLOAD = 0x51;
const MSTORE8 = 0x53;
/** Above this, no gas buys such a memory: the interpreter finds the same. */
const OFFSET_MAX = 0xffff_ff00n;
const REVERSED = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];

export class MemoryOperations {
  readonly #scope: OperationScope;
  readonly #emit: Emitter;
  readonly #stack: Stack;

  constructor(scope: OperationScope) {
    this.#scope = scope;
    this.#emit = scope.emit;
    this.#stack = scope.stack;
  }

  /** Whether the path goes on. */
  run(path: Path, operation: Operation, rest: number): boolean {
    const emit = this.#emit;
    const offset = this.#stack.read(path, path.top);
    const value = operation.op === MLOAD ? undefined : this.#stack.read(path, path.top - 1);
    if (!this.#check(path, operation, rest, offset)) return false;
    path.drop(value === undefined ? 1 : 2);
    if (value === undefined) path.push(this.#load());
    else if (operation.op === MSTORE8) {
      emit.local(WASM.localGet, LOCAL.at);
      emit.get(value[0]);
      emit.memory(WASM.i64Store8, 0);
    } else {
      this.#store(value[0], value[1], 16);
      this.#store(value[2], value[3], 0);
    }
    return true;
  }

  /** Leaves the address in `at`, with memory there; or the interpreter goes on before the opcode. */
  #check(path: Path, operation: Operation, rest: number, offset: Word): boolean {
    const emit = this.#emit;
    const size = operation.op === MSTORE8 ? 1 : 32;
    const known = knownValue(offset);
    if (known !== undefined && known > OFFSET_MAX) {
      this.#scope.exit(path, operation.pc, operation.gas);
      return false;
    }
    emit.local(WASM.localGet, LOCAL.memory);
    emit.get(offset[0]);
    emit.op(WASM.i32Wrap, WASM.i32Add);
    emit.local(WASM.localSet, LOCAL.at);
    const end = known === undefined ? undefined : Number(known) + size;
    if (end !== undefined && end <= path.memorySize) return true;
    this.#checkEnd(path, operation, rest, offset, size);
    if (end !== undefined) path.memorySize = end;
    return true;
  }

  #checkEnd(path: Path, operation: Operation, rest: number, offset: Word, size: number): void {
    const emit = this.#emit;
    const outer = emit.nesting;
    emit.open(WASM.block);
    const inner = emit.nesting;
    emit.open(WASM.block);
    this.#gasWithout(rest);
    emit.local(WASM.localSet, LOCAL.left);
    if (knownValue(offset) === undefined) {
      if (!isOneLimb(offset)) {
        emit.get(emit.or(emit.or(offset[1], offset[2]), offset[3]));
        emit.op(WASM.i64IsZero, WASM.i32IsZero);
        emit.branch(WASM.brIf, inner);
      }
      emit.get(offset[0]);
      emit.i64(OFFSET_MAX);
      emit.op(WASM.i64Greater);
      emit.branch(WASM.brIf, inner);
    }
    const end: Limb = emit.add(offset[0], BigInt(size));
    emit.local(WASM.localGet, LOCAL.frame);
    emit.memory(WASM.i64Load32, FRAME.memorySize);
    emit.get(end);
    emit.op(WASM.i64GreaterEqual);
    emit.branch(WASM.brIf, outer);
    this.#expand(end, rest, outer);
    emit.close();
    // Before the opcode, its own price given back; a memory that has grown was paid for.
    emit.local(WASM.localGet, LOCAL.left);
    emit.local(WASM.localSet, LOCAL.gas);
    this.#scope.exit(path, operation.pc, operation.gas - rest);
    emit.close();
  }

  /** Gas as the interpreter would have it behind this opcode. */
  #gasWithout(rest: number): void {
    const emit = this.#emit;
    emit.local(WASM.localGet, LOCAL.gas);
    if (rest === 0) return;
    emit.i64(BigInt(rest));
    emit.op(WASM.i64Add);
  }

  #expand(end: Limb, rest: number, done: number): void {
    const emit = this.#emit;
    emit.local(WASM.localGet, LOCAL.frame);
    emit.get(end);
    emit.local(WASM.localGet, LOCAL.left);
    emit.op(WASM.call);
    emit.out.unsigned(this.#scope.functionIndexOf('expand'));
    emit.local(WASM.localTee, LOCAL.answer);
    emit.i64(0n);
    emit.op(WASM.i64GreaterEqualSigned);
    emit.open(WASM.if);
    emit.local(WASM.localGet, LOCAL.answer);
    emit.local(WASM.localTee, LOCAL.left);
    emit.i64(BigInt(rest));
    emit.op(WASM.i64GreaterEqualSigned);
    emit.open(WASM.if);
    emit.local(WASM.localGet, LOCAL.left);
    emit.i64(BigInt(rest));
    emit.op(WASM.i64Subtract);
    emit.local(WASM.localSet, LOCAL.gas);
    emit.branch(WASM.br, done);
    emit.close();
    emit.close();
  }

  #load(): Word {
    const emit = this.#emit;
    const limbs: Limb[] = [];
    for (const offset of [16, 0]) {
      emit.local(WASM.localGet, LOCAL.at);
      emit.vector(SIMD.load, offset);
      emit.local(WASM.localTee, LOCAL.vector);
      emit.local(WASM.localGet, LOCAL.vector);
      this.#reverse();
      emit.local(WASM.localSet, LOCAL.vector);
      for (const lane of [0, 1]) {
        emit.local(WASM.localGet, LOCAL.vector);
        emit.vector(SIMD.extractLane);
        emit.op(lane);
        limbs.push(emit.take());
      }
    }
    return limbs as unknown as Word;
  }

  /** Two limbs, in the order of bytes that memory has. */
  #store(low: Limb, high: Limb, offset: number): void {
    const emit = this.#emit;
    emit.local(WASM.localGet, LOCAL.at);
    emit.get(low);
    emit.vector(SIMD.splat);
    emit.get(high);
    emit.vector(SIMD.replaceLane);
    emit.op(1);
    emit.local(WASM.localTee, LOCAL.vector);
    emit.local(WASM.localGet, LOCAL.vector);
    this.#reverse();
    emit.vector(SIMD.store, offset);
  }

  #reverse(): void {
    this.#emit.vector(SIMD.shuffle);
    this.#emit.op(...REVERSED);
  }
}
