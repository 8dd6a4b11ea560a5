/** Opcodes of a block but jumps: arithmetic on limbs, memory by checked addresses, and calls of the interpreter's module. */
import { type Emitter, type Limb, LOCAL } from './emitter.ts';
import { ENVIRONMENT_PLACES, FRAME } from './engine-layout.ts';
import { MemoryOperations } from './memory-operations.ts';
import type { OperationScope } from './operation-scope.ts';
import type { Path } from './path.ts';
import type { Operation } from './program.ts';
import { RUNTIME, type RuntimeName } from './runtime.ts';
import { STACK_SPAN, type Stack } from './stack.ts';
import { WASM } from './wasm.ts';
import * as words from './words.ts';
import { knownValue, oneLimb, type Word, wordOf } from './words.ts';

type Call = { readonly name: RuntimeName; readonly takes: number; readonly gives: 0 | 1 };

/** Opcodes that are one call: operands lie on the interpreter's stack, and so does the result. */
const CALLS: Readonly<Record<number, Call>> = {
  5: { name: 'divideSigned', takes: 2, gives: 1 },
  7: { name: 'moduloSigned', takes: 2, gives: 1 },
  8: { name: 'addModulo', takes: 3, gives: 1 },
  9: { name: 'multiplyModulo', takes: 3, gives: 1 },
  10: { name: 'power', takes: 2, gives: 1 },
  11: { name: 'extendSign', takes: 2, gives: 1 },
  29: { name: 'shiftRightSigned', takes: 2, gives: 1 },
  32: { name: 'hash', takes: 2, gives: 1 },
  49: { name: 'balance', takes: 1, gives: 1 },
  53: { name: 'callDataLoad', takes: 1, gives: 1 },
  55: { name: 'callDataCopy', takes: 3, gives: 0 },
  57: { name: 'codeCopy', takes: 3, gives: 0 },
  59: { name: 'extCodeSize', takes: 1, gives: 1 },
  60: { name: 'extCodeCopy', takes: 4, gives: 0 },
  62: { name: 'returnDataCopy', takes: 3, gives: 0 },
  63: { name: 'extCodeHash', takes: 1, gives: 1 },
  64: { name: 'blockHash', takes: 1, gives: 1 },
  84: { name: 'storageLoad', takes: 1, gives: 1 },
  85: { name: 'storageStore', takes: 2, gives: 0 },
  92: { name: 'transientLoad', takes: 1, gives: 1 },
  93: { name: 'transientStore', takes: 2, gives: 0 },
  94: { name: 'memoryCopy', takes: 3, gives: 0 },
};
/** Refused within a static call. */
const isWrite = (op: number): boolean => op === 0x55 || op === 0x5d || (op >= 0xa0 && op <= 0xa4);

const OUT_OF_GAS = -2;

export class Operations {
  readonly #scope: OperationScope;
  readonly #emit: Emitter;
  readonly #stack: Stack;
  readonly #memory: MemoryOperations;

  constructor(scope: OperationScope) {
    this.#scope = scope;
    this.#emit = scope.emit;
    this.#stack = scope.stack;
    this.#memory = new MemoryOperations(scope);
  }

  /**
   * Emits one opcode; `rest` is what was paid for those behind it. Whether the path goes on: it may end here, when it is known
   * that the interpreter must.
   */
  run(path: Path, operation: Operation, rest: number): boolean {
    const { op } = operation;
    if (op === 0x51 || op === 0x52 || op === 0x53) return this.#memory.run(path, operation, rest);
    if (isWrite(op)) this.#exitIfStatic(path, operation);
    const call = CALLS[op];
    if (call !== undefined) this.#call(path, call);
    else if (op >= 0xa0) this.#call(path, { name: 'log', takes: op - 0x9e, gives: 0 }, op - 0xa0);
    else if (op >= 0x90) this.#swap(path, op - 0x8f);
    else if (op >= 0x80) path.push(this.#stack.read(path, path.top - (op - 0x80)));
    else if (op >= 0x5f) path.push(wordOf(operation.operand));
    else if (op === 0x50) path.drop(1);
    else if (op >= 0x30 && op !== 0x49) this.#pushWord(path, operation);
    else this.#arithmetic(path, op);
    return true;
  }

  #swap(path: Path, distance: number): void {
    const [upper, lower] = [this.#stack.read(path, path.top), this.#stack.read(path, path.top - distance)];
    path.slots.set(path.top, { word: lower, isStored: false });
    path.slots.set(path.top - distance, { word: upper, isStored: false });
  }

  #pushWord(path: Path, operation: Operation): void {
    if (operation.op === 0x5b) return;
    path.push(this.#wordOf(operation));
  }

  /** What opcodes push that tell of frame, block and code. */
  #wordOf({ op, pc }: Operation): Word {
    const place = ENVIRONMENT_PLACES[op];
    const { layout, codeSize } = this.#scope;
    if (place !== undefined) return this.#stack.loadWord(() => this.#emit.i32(layout.environment + place), 0);
    switch (op) {
      case 0x30:
        return this.#address(FRAME.self);
      case 0x33:
        return this.#address(FRAME.caller);
      case 0x34:
        return this.#stack.loadWord(() => this.#emit.local(WASM.localGet, LOCAL.frame), FRAME.value);
      case 0x36:
        return this.#size(FRAME.dataSize);
      case 0x38:
        return wordOf(BigInt(codeSize));
      case 0x3d:
        this.#emit.op(WASM.call);
        this.#emit.out.unsigned(this.#scope.functionIndexOf('returnDataSize'));
        this.#emit.op(WASM.i64Extend);
        return oneLimb(this.#emit.take());
      case 0x47:
        return this.#stack.loadWord(() => this.#field(FRAME.self), 32);
      case 0x58:
        return wordOf(BigInt(pc));
      case 0x59:
        return this.#size(FRAME.memorySize);
      default:
        // GAS: everything before it and itself is paid, nothing behind it.
        this.#emit.local(WASM.localGet, LOCAL.gas);
        return oneLimb(this.#emit.take());
    }
  }

  #field(offset: number): void {
    this.#emit.local(WASM.localGet, LOCAL.frame);
    this.#emit.memory(WASM.i32Load, offset);
  }

  #size(offset: number): Word {
    this.#emit.local(WASM.localGet, LOCAL.frame);
    this.#emit.memory(WASM.i64Load32, offset);
    return oneLimb(this.#emit.take());
  }

  /** The address of an account, which other fields follow in its entry. */
  #address(field: number): Word {
    const limb = (kind: number, offset: number): Limb => {
      this.#field(field);
      this.#emit.memory(kind, offset);
      return this.#emit.take();
    };
    return [limb(WASM.i64Load, 0), limb(WASM.i64Load, 8), limb(WASM.i64Load32, 16), 0n];
  }

  #exitIfStatic(path: Path, { pc, gas }: Operation): void {
    this.#field(FRAME.isStatic);
    this.#emit.open(WASM.if);
    this.#scope.exit(path, pc, gas);
    this.#emit.close();
  }

  #arithmetic(path: Path, op: number): void {
    if (op === 0x15 || op === 0x19 || op === 0x49) {
      const word = this.#stack.pop(path);
      if (op === 0x15) path.push(oneLimb(this.#emit.isZero(words.anyBit(this.#emit, word))));
      // There are no blobs.
      else path.push(op === 0x19 ? words.not(this.#emit, word) : words.ZERO);
      return;
    }
    const a = this.#stack.read(path, path.top);
    const b = this.#stack.read(path, path.top - 1);
    const result = this.#binary(op, a, b);
    if (result === undefined) this.#call(path, { name: CALLED[op] as RuntimeName, takes: 2, gives: 1 });
    else {
      path.drop(2);
      path.push(result);
    }
  }

  /** undefined when a call does it. */
  #binary(op: number, a: Word, b: Word): Word | undefined {
    const emit = this.#emit;
    switch (op) {
      case 0x01:
        return words.add(emit, a, b);
      case 0x02:
        return words.multiply(emit, a, b);
      case 0x03:
        return words.subtract(emit, a, b);
      case 0x04:
        return words.divide(emit, a, b, 'quotient');
      case 0x06:
        return words.divide(emit, a, b, 'rest');
      case 0x10:
        return oneLimb(words.isBelow(emit, a, b));
      case 0x11:
        return oneLimb(words.isBelow(emit, b, a));
      case 0x12:
        return oneLimb(words.isBelowSigned(emit, a, b));
      case 0x13:
        return oneLimb(words.isBelowSigned(emit, b, a));
      case 0x14:
        return oneLimb(words.isEqual(emit, a, b));
      case 0x16:
        return words.and(emit, a, b);
      case 0x17:
        return words.or(emit, a, b);
      case 0x18:
        return words.xor(emit, a, b);
      default: {
        const known = knownValue(a);
        if (known === undefined) return undefined;
        if (op === 0x1a) return words.byteAt(emit, known, b);
        return op === 0x1b ? words.shiftLeft(emit, b, known) : words.shiftRight(emit, b, known);
      }
    }
  }

  /** Operands are written to the interpreter's stack, where the result will lie. */
  #call(path: Path, { name, takes, gives }: Call, topics?: number): void {
    const emit = this.#emit;
    const shape = RUNTIME[name];
    this.#stack.storeTop(path, takes);
    const top = path.top;
    const after = top - takes + 1;
    if (shape === 'frame gas' || shape === 'frame' || shape === 'log') emit.local(WASM.localGet, LOCAL.frame);
    if (shape === 'binary' || shape === 'ternary') this.#addressOf(after);
    this.#addressOf(top);
    if (shape === 'binary' || shape === 'ternary') this.#addressOf(top - 1);
    if (shape === 'ternary') this.#addressOf(top - 2);
    const paysGas = shape === 'frame gas' || shape === 'gas' || shape === 'log';
    if (paysGas) emit.local(WASM.localGet, LOCAL.gas);
    if (topics !== undefined) emit.i32(topics);
    emit.op(WASM.call);
    emit.out.unsigned(this.#scope.functionIndexOf(name));
    if (paysGas) this.#haltIfNegative();
    path.drop(takes);
    if (gives === 1) path.pushStored();
  }

  /** The frame has run out of gas: all that it has done is taken back. */
  #haltIfNegative(): void {
    const emit = this.#emit;
    emit.local(WASM.localTee, LOCAL.gas);
    emit.i64(0n);
    emit.op(WASM.i64LessSigned);
    emit.open(WASM.if);
    emit.i32(OUT_OF_GAS);
    emit.op(WASM.return);
    emit.close();
  }

  #addressOf(place: number): void {
    this.#emit.local(WASM.localGet, LOCAL.stack);
    this.#emit.i32(STACK_SPAN + 32 * place);
    this.#emit.op(WASM.i32Add);
  }
}

const CALLED: Readonly<Record<number, RuntimeName>> = {
  2: 'multiplyWords',
  4: 'divideWords',
  6: 'moduloWords',
  26: 'byteAt',
  27: 'shiftLeft',
  28: 'shiftRight',
};
