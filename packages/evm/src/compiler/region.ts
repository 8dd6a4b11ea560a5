/**
 * One function for what can be reached from one place of a code without meeting it again: a tree of paths. On a path, words of
 * the stack are limbs in variables; they are written to the interpreter's stack where the path ends. Every end leaves the frame
 * as the interpreter would have it before the next opcode, so that it can always go on from there.
 */
import { Emitter, LOCAL } from './emitter.ts';
import { type EngineLayout, FRAME } from './engine-layout.ts';
import { COMPILER_LIMITS } from './limits.ts';
import { Operations } from './operations.ts';
import { Path } from './path.ts';
import { type Block, JUMP, JUMPI, type Operation, opensFrame, type Program } from './program.ts';
import type { RuntimeName } from './runtime.ts';
import { STACK_SPAN, Stack } from './stack.ts';
import { WASM } from './wasm.ts';
import { anyBit, isOneLimb, knownValue, type Word } from './words.ts';

/** Answer of a function that is not the index of the next one: the interpreter goes on with the frame. */
export const INTERPRET = -1;

/** What regions of one code share. */
export type RegionScope = {
  readonly program: Program;
  readonly layout: EngineLayout;
  /** Index of the function that begins at `pc`, undefined when there can be no more. */
  readonly headAt: (pc: number) => number | undefined;
  /** Blocks that paths come back to: they begin a region of their own. */
  readonly loopHeads: Set<number>;
  readonly functionIndexOf: (name: RuntimeName) => number;
  /** Function that finds the head at a JUMPDEST. */
  readonly destinationFunction: number;
  /** Counts opcodes that are emitted; whether there may be more. */
  readonly spend: (count: number) => boolean;
};

/** Thrown away and begun anew: a loop was found within. */
const MAX_RESTARTS = 4;

export function emitRegion(scope: RegionScope, head: number): Emitter {
  for (let attempt = 0; ; attempt++) {
    const loopCount = scope.loopHeads.size;
    const region = new Region(scope, head);
    region.run();
    if (scope.loopHeads.size === loopCount || attempt === MAX_RESTARTS) return region.emit;
  }
}

class Region {
  readonly emit: Emitter = new Emitter();
  readonly #scope: RegionScope;
  readonly #head: number;
  readonly #stack: Stack;
  readonly #operations: Operations;
  #steps: number = COMPILER_LIMITS.regionSteps;
  #loopNesting = 0;

  constructor(scope: RegionScope, head: number) {
    this.#scope = scope;
    this.#head = head;
    this.#stack = new Stack(this.emit, (word) => this.#note(word));
    this.#operations = new Operations({
      emit: this.emit,
      stack: this.#stack,
      layout: scope.layout,
      codeSize: scope.program.size,
      functionIndexOf: scope.functionIndexOf,
      exit: (path, pc, gas) => this.#exit(path, pc, gas),
    });
  }

  run(): void {
    const { emit } = this;
    // Where the frame stands.
    this.#load(FRAME.top, STACK_SPAN);
    emit.local(WASM.localSet, LOCAL.stack);
    this.#load(FRAME.memory);
    emit.local(WASM.localSet, LOCAL.memory);
    this.#load(FRAME.top);
    this.#load(FRAME.base);
    emit.op(WASM.i32Subtract);
    emit.local(WASM.localSet, LOCAL.height);
    emit.local(WASM.localGet, LOCAL.frame);
    emit.memory(WASM.i64Load, FRAME.gas);
    emit.local(WASM.localSet, LOCAL.gas);
    this.#loopNesting = emit.nesting;
    emit.open(WASM.loop);
    this.#walk(new Path(), this.#head);
    emit.close();
    // Every path has returned.
    emit.i32(INTERPRET);
  }

  #load(field: number, minus = 0): void {
    const { emit } = this;
    emit.local(WASM.localGet, LOCAL.frame);
    emit.memory(WASM.i32Load, field);
    if (minus === 0) return;
    emit.i32(minus);
    emit.op(WASM.i32Subtract);
  }

  /** A word that is left on the stack and may be where a call within the code returns to. */
  #note(word: Word): void {
    const value = knownValue(word);
    if (value !== undefined && this.#scope.program.isDestination(value)) this.#scope.headAt(Number(value));
  }

  /** Emits the path from `pc` to all its ends. */
  #walk(path: Path, start: number): void {
    let pc = start;
    for (let isFirst = true; ; isFirst = false) {
      const atHead = pc === this.#head && path.visited.size === 0 && isFirst;
      if (!atHead && this.#mustLeave(path, pc)) {
        this.#leave(path, pc);
        return;
      }
      path.visited.add(pc);
      const block = this.#scope.program.blockAt(pc);
      const next = this.#emitBlock(path, block, atHead);
      if (next === undefined) return;
      pc = next;
    }
  }

  #mustLeave(path: Path, pc: number): boolean {
    if (pc === this.#head || this.#scope.loopHeads.has(pc)) return true;
    if (path.visited.has(pc)) {
      this.#scope.loopHeads.add(pc);
      return true;
    }
    const { operations } = this.#scope.program.blockAt(pc);
    this.#steps -= operations.length;
    // An operation takes 32 variables at most (a product).
    const locals = this.emit.nextLocal + 32 * operations.length;
    return this.#steps < 0 || locals > COMPILER_LIMITS.locals || this.emit.nesting > COMPILER_LIMITS.depth;
  }

  /** Goes on in the function of another place; or, at the head, there. */
  #leave(path: Path, pc: number): void {
    const { emit } = this;
    if (pc === this.#head) {
      this.#stack.storeAll(path);
      if (path.top !== 0) {
        for (const local of [LOCAL.stack, LOCAL.height]) {
          emit.local(WASM.localGet, local);
          emit.i32(32 * path.top);
          emit.op(WASM.i32Add);
          emit.local(WASM.localSet, local);
        }
      }
      emit.branch(WASM.br, this.#loopNesting);
      return;
    }
    const head = this.#scope.headAt(pc);
    if (head === undefined) {
      this.#exit(path, pc, 0);
      return;
    }
    this.#stack.storeAll(path);
    this.#storeTopAndGas(path, 0);
    emit.i32(head);
    emit.op(WASM.return);
  }

  /** The interpreter goes on at `pc`, with `gas` given back. */
  #exit(path: Path, pc: number, gas: number): void {
    const { emit } = this;
    this.#stack.storeAll(path);
    this.#storeTopAndGas(path, gas);
    this.#scope.layout.storePc(emit, pc);
    emit.i32(INTERPRET);
    emit.op(WASM.return);
  }

  #storeTopAndGas(path: Path, gas: number): void {
    const { emit } = this;
    emit.local(WASM.localGet, LOCAL.frame);
    emit.local(WASM.localGet, LOCAL.stack);
    emit.i32(STACK_SPAN + 32 * path.top);
    emit.op(WASM.i32Add);
    emit.memory(WASM.i32Store, FRAME.top);
    emit.local(WASM.localGet, LOCAL.frame);
    emit.local(WASM.localGet, LOCAL.gas);
    if (gas !== 0) {
      emit.i64(BigInt(gas));
      emit.op(WASM.i64Add);
    }
    emit.memory(WASM.i64Store, FRAME.gas);
  }

  /** The block that the path goes on with, undefined when all have ended. */
  #emitBlock(path: Path, block: Block, isHead: boolean): number | undefined {
    const [first] = block.operations;
    if (!this.#scope.spend(1 + block.operations.length)) return this.#end(path, block.pc);
    if (first === undefined) return this.#endAt(path, block);
    if (!this.#emitChecks(path, block, first, isHead)) return undefined;
    for (const [index, operation] of block.operations.entries()) {
      if (index > 0 && operation.beginsSegment) this.#pay(path, operation);
      if (operation.op === JUMP) return this.#jump(path, operation);
      if (operation.op === JUMPI) return this.#jumpIf(path, operation);
      const following = block.operations[index + 1];
      const rest = following === undefined || following.beginsSegment ? 0 : following.gas;
      if (!this.#operations.run(path, operation, rest)) return undefined;
    }
    return block.leaves === undefined ? block.next : this.#endAt(path, block);
  }

  #end(path: Path, pc: number): undefined {
    this.#exit(path, pc, 0);
  }

  #endAt(path: Path, { leaves, next }: Block): undefined {
    if (leaves !== undefined && opensFrame(leaves.op)) this.#scope.headAt(leaves.pc + 1);
    this.#exit(path, next, 0);
  }

  /** Before a block: its stack and the gas of its first segment, or the interpreter finds out where exactly it ends. */
  #emitChecks(path: Path, block: Block, first: Operation, isHead: boolean): boolean {
    const { emit } = this;
    const low = block.need - path.top;
    const high = 1024 - path.top - block.growth;
    const needsStack = isHead || low > path.heightMin || high < path.heightMax;
    path.heightMin = Math.max(path.heightMin, low);
    path.heightMax = Math.min(path.heightMax, high);
    if (path.heightMax < path.heightMin) {
      this.#exit(path, block.pc, 0);
      return false;
    }
    if (needsStack) {
      emit.local(WASM.localGet, LOCAL.height);
      emit.i32(32 * path.heightMin);
      emit.op(WASM.i32Subtract);
      emit.i32(32 * (path.heightMax - path.heightMin));
      emit.op(WASM.i32Greater);
    }
    if (first.gas > 0) this.#isShort(first.gas);
    if (needsStack && first.gas > 0) emit.op(WASM.i32Or);
    if (needsStack || first.gas > 0) this.#exitIf(path, block.pc);
    this.#subtract(first.gas);
    return true;
  }

  #pay(path: Path, { pc, gas }: Operation): void {
    if (gas === 0) return;
    this.#isShort(gas);
    this.#exitIf(path, pc);
    this.#subtract(gas);
  }

  #isShort(gas: number): void {
    const { emit } = this;
    emit.local(WASM.localGet, LOCAL.gas);
    emit.i64(BigInt(gas));
    emit.op(WASM.i64LessSigned);
  }

  #exitIf(path: Path, pc: number): void {
    this.emit.open(WASM.if);
    this.#exit(path, pc, 0);
    this.emit.close();
  }

  #subtract(gas: number): void {
    if (gas === 0) return;
    const { emit } = this;
    emit.local(WASM.localGet, LOCAL.gas);
    emit.i64(BigInt(gas));
    emit.op(WASM.i64Subtract);
    emit.local(WASM.localSet, LOCAL.gas);
  }

  #jump(path: Path, operation: Operation): number | undefined {
    const word = this.#stack.read(path, path.top);
    const to = knownValue(word);
    if (to === undefined) {
      this.#jumpAnywhere(path, operation, word, 1);
      return undefined;
    }
    if (!this.#scope.program.isDestination(to)) {
      this.#exit(path, operation.pc, operation.gas);
      return undefined;
    }
    path.drop(1);
    return Number(to);
  }

  #jumpIf(path: Path, operation: Operation): number | undefined {
    const { emit } = this;
    const word = this.#stack.read(path, path.top);
    const condition = anyBit(emit, this.#stack.read(path, path.top - 1));
    const next = operation.pc + 1;
    if (condition === 0n) {
      path.drop(2);
      return next;
    }
    emit.get(condition);
    emit.op(WASM.i64IsZero, WASM.i32IsZero);
    emit.open(WASM.if);
    const free = emit.nextLocal;
    this.#takeBranch(new Path(path), operation, word);
    emit.close();
    emit.release(free);
    path.drop(2);
    return next;
  }

  #takeBranch(path: Path, operation: Operation, word: Word): void {
    const to = knownValue(word);
    if (to === undefined) this.#jumpAnywhere(path, operation, word, 2);
    else if (!this.#scope.program.isDestination(to)) this.#exit(path, operation.pc, operation.gas);
    else {
      path.drop(2);
      // The other branch needs its share.
      const half = Math.floor(this.#steps / 2);
      this.#steps -= half;
      this.#walk(path, Number(to));
      this.#steps = Math.max(this.#steps, 0) + half;
    }
  }

  /** To where the stack says: a function that begins there, else the interpreter jumps, or finds that it cannot. */
  #jumpAnywhere(path: Path, operation: Operation, word: Word, takes: number): void {
    const { emit } = this;
    this.#stack.storeAll(path);
    const outer = emit.nesting;
    emit.open(WASM.block);
    if (!isOneLimb(word)) {
      emit.get(emit.or(emit.or(word[1], word[2]), word[3]));
      emit.op(WASM.i64IsZero, WASM.i32IsZero);
      emit.branch(WASM.brIf, outer);
    }
    emit.get(word[0]);
    emit.i64(BigInt(this.#scope.program.size));
    emit.op(WASM.i64GreaterEqual);
    emit.branch(WASM.brIf, outer);
    emit.get(word[0]);
    emit.op(WASM.i32Wrap, WASM.call);
    emit.out.unsigned(this.#scope.destinationFunction);
    emit.local(WASM.localTee, LOCAL.at);
    emit.i32(0);
    emit.op(WASM.i32LessSigned);
    emit.branch(WASM.brIf, outer);
    const after = new Path(path);
    after.drop(takes);
    this.#storeTopAndGas(after, 0);
    emit.local(WASM.localGet, LOCAL.at);
    emit.op(WASM.return);
    emit.close();
    this.#exit(path, operation.pc, operation.gas);
  }
}
