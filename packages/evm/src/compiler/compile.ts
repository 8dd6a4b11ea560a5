/**
 * A code to a module of WebAssembly: one function per region (region.ts), one that enters at the frame's next opcode and goes
 * from region to region. The module imports memory and functions of the interpreter's module, and nothing else; it has none of
 * its own.
 */
import { CODE_BYTES } from '../layout.ts';
import { Emitter, LIMBS_START, LOCAL } from './emitter.ts';
import { EngineLayout, FRAME } from './engine-layout.ts';
import { COMPILER_LIMITS } from './limits.ts';
import { type OpTable, Program } from './program.ts';
import { emitRegion, INTERPRET, type RegionScope } from './region.ts';
import { RUNTIME, RUNTIME_NAMES, type RuntimeName, type RuntimeShape, SHAPES } from './runtime.ts';
import { ByteWriter, TYPE, WASM } from './wasm.ts';

export type CompilerInput = {
  readonly code: Uint8Array;
  readonly table: OpTable;
  /** Address of the words of the environment. */
  readonly environment: number;
};

export type CompiledCode = { readonly bytes: Uint8Array; readonly regionCount: number };

const SHAPE_NAMES = Object.keys(SHAPES) as RuntimeShape[];
const REGION_TYPE = { parameters: [TYPE.i32], results: [TYPE.i32] };
const REGION_TYPE_INDEX = SHAPE_NAMES.length;
const ONE_REGION_TYPE = REGION_TYPE_INDEX + 1;
/** Functions of the module, behind the imported ones: entry, lookup of a place, lookup of a JUMPDEST, regions. */
const ENTRY = RUNTIME_NAMES.length;
const FIND_PLACE = ENTRY + 1;
const FIND_DESTINATION = ENTRY + 2;
const ONE_REGION = ENTRY + 3;
const REGIONS = ENTRY + 4;

const RUNTIME_INDEX: ReadonlyMap<RuntimeName, number> = new Map(RUNTIME_NAMES.map((name, index) => [name, index]));

/** A module, or undefined for a code that is too large: it stays in the interpreter. Pure; its time is bounded. */
export function compileCode(input: CompilerInput): CompiledCode | undefined {
  const steps = compileInSteps(input);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** As `compileCode`, a region a step: some milliseconds at most. */
export function* compileInSteps({
  code,
  table,
  environment,
}: CompilerInput): Generator<undefined, CompiledCode | undefined> {
  if (code.length === 0 || code.length > COMPILER_LIMITS.codeBytes) return undefined;
  const program = new Program(code, table);
  const layout = new EngineLayout(environment);
  const heads: number[] = [];
  const indexes = new Map<number, number>();
  let steps: number = COMPILER_LIMITS.steps;
  const headAt = (pc: number): number | undefined => {
    const known = indexes.get(pc);
    if (known !== undefined) return known;
    if (heads.length === COMPILER_LIMITS.heads) return undefined;
    indexes.set(pc, heads.length);
    return heads.push(pc) - 1;
  };
  const scope: RegionScope = {
    program,
    layout,
    headAt,
    loopHeads: new Set(),
    functionIndexOf: (name) => RUNTIME_INDEX.get(name) as number,
    destinationFunction: FIND_DESTINATION,
    spend: (count) => {
      steps -= count;
      return steps > 0;
    },
  };
  headAt(0);
  const regions = new ByteWriter();
  for (let i = 0; i < heads.length; i++) {
    const pc = heads[i] as number;
    const left = COMPILER_LIMITS.moduleBytes - regions.size - 64 * heads.length;
    const body = left > 0 && steps > 0 ? bodyOf(emitRegion(scope, pc)) : undefined;
    // What is too large by itself is left to the interpreter too.
    regions.all(body === undefined || body.length > left ? bodyOf(stub(layout, pc)) : body);
    yield;
  }
  return { bytes: moduleOf(program, heads, regions), regionCount: heads.length };
}

/** Where nothing was compiled: the interpreter goes on. */
function stub(layout: EngineLayout, pc: number): Emitter {
  const emit = new Emitter();
  layout.storePc(emit, pc);
  emit.i32(INTERPRET);
  return emit;
}

/** A function with its variables, as it stands in the section of code. */
function bodyOf(emit: Emitter): Uint8Array {
  const body = new ByteWriter();
  const groups: readonly (readonly [number, number])[] = [
    [LOCAL.gas - LOCAL.stack, TYPE.i32],
    [LOCAL.vector - LOCAL.gas, TYPE.i64],
    [LIMBS_START - LOCAL.vector, TYPE.v128],
    [emit.limbCount, TYPE.i64],
  ];
  body.unsigned(groups.length);
  for (const [count, type] of groups) {
    body.unsigned(count);
    body.byte(type);
  }
  body.all(emit.out.toBytes());
  body.byte(WASM.end);
  const sized = new ByteWriter();
  sized.unsigned(body.size);
  sized.all(body.toBytes());
  return sized.toBytes();
}

function moduleOf(program: Program, heads: readonly number[], regions: ByteWriter): Uint8Array {
  const out = new ByteWriter();
  out.all(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  section(out, 1, (part) => {
    const types = [
      ...SHAPE_NAMES.map((name) => SHAPES[name]),
      REGION_TYPE,
      { parameters: [TYPE.i32, TYPE.i32], results: [TYPE.i32] },
    ];
    part.unsigned(types.length);
    for (const { parameters, results } of types) {
      part.byte(TYPE.function);
      for (const list of [parameters, results]) {
        part.unsigned(list.length);
        for (const type of list) part.byte(type);
      }
    }
  });
  section(out, 2, (part) => {
    part.unsigned(RUNTIME_NAMES.length + 1);
    part.name('engine');
    part.name('memory');
    part.all(Uint8Array.of(2, 0, 1));
    for (const name of RUNTIME_NAMES) {
      part.name('engine');
      part.name(name);
      part.byte(0);
      part.unsigned(SHAPE_NAMES.indexOf(RUNTIME[name]));
    }
  });
  const count = REGIONS - ENTRY + heads.length;
  section(out, 3, (part) => {
    part.unsigned(count);
    for (let i = 0; i < count; i++) part.unsigned(i === ONE_REGION - ENTRY ? ONE_REGION_TYPE : REGION_TYPE_INDEX);
  });
  section(out, 4, (part) => {
    part.all(Uint8Array.of(1, TYPE.functionReference, 0));
    part.unsigned(heads.length);
  });
  section(out, 7, (part) => {
    part.unsigned(2);
    part.name('run');
    part.byte(0);
    part.unsigned(ENTRY);
    part.name('region');
    part.byte(0);
    part.unsigned(ONE_REGION);
  });
  section(out, 9, (part) => {
    part.all(Uint8Array.of(1, 0, WASM.i32Const, 0, WASM.end));
    part.unsigned(heads.length);
    for (let i = 0; i < heads.length; i++) part.unsigned(REGIONS + i);
  });
  const places = [...heads.entries()].map(([index, pc]) => ({ pc, index })).sort((a, b) => a.pc - b.pc);
  section(out, 10, (part) => {
    part.unsigned(count);
    part.all(bodyOf(entry()));
    part.all(bodyOf(search(places)));
    part.all(bodyOf(search(places.filter(({ pc }) => program.isDestination(BigInt(pc))))));
    part.all(oneRegion());
    part.all(regions.toBytes());
  });
  return out.toBytes();
}

function section(out: ByteWriter, id: number, write: (part: ByteWriter) => void): void {
  const part = new ByteWriter();
  write(part);
  out.byte(id);
  out.unsigned(part.size);
  out.all(part.toBytes());
}

/** Runs from the frame's next opcode on, region by region; answers why it stops. */
function entry(): Emitter {
  const emit = new Emitter();
  emit.local(WASM.localGet, LOCAL.frame);
  emit.memory(WASM.i32Load, FRAME.pc);
  emit.local(WASM.localGet, LOCAL.frame);
  emit.memory(WASM.i32Load, FRAME.code);
  emit.op(WASM.i32Subtract);
  emit.i32(CODE_BYTES);
  emit.op(WASM.i32Subtract, WASM.call);
  emit.out.unsigned(FIND_PLACE);
  emit.local(WASM.localSet, LOCAL.at);
  const outer = emit.nesting;
  emit.open(WASM.block);
  emit.local(WASM.localGet, LOCAL.at);
  emit.i32(0);
  emit.op(WASM.i32LessSigned);
  emit.branch(WASM.brIf, outer);
  const loop = emit.nesting;
  emit.open(WASM.loop);
  emit.local(WASM.localGet, LOCAL.frame);
  emit.local(WASM.localGet, LOCAL.at);
  emit.op(WASM.callIndirect);
  emit.out.unsigned(REGION_TYPE_INDEX);
  emit.out.unsigned(0);
  emit.local(WASM.localTee, LOCAL.at);
  emit.i32(0);
  emit.op(WASM.i32GreaterEqualSigned);
  emit.branch(WASM.brIf, loop);
  emit.close();
  emit.close();
  emit.local(WASM.localGet, LOCAL.at);
  return emit;
}

/** Of a frame and an index. */
function oneRegion(): Uint8Array {
  const body = new ByteWriter();
  body.all(Uint8Array.of(0, WASM.localGet, 0, WASM.localGet, 1, WASM.callIndirect, REGION_TYPE_INDEX, 0, WASM.end));
  const sized = new ByteWriter();
  sized.unsigned(body.size);
  sized.all(body.toBytes());
  return sized.toBytes();
}

type Place = { readonly pc: number; readonly index: number };

/** Index of the region that begins at the place which is given, `INTERPRET` for none. The first variable is the place. */
function search(places: readonly Place[]): Emitter {
  const emit = new Emitter();
  const between = (low: number, high: number): void => {
    if (low >= high) {
      emit.i32(INTERPRET);
      return;
    }
    const middle = (low + high) >> 1;
    const { pc, index } = places[middle] as Place;
    emit.local(WASM.localGet, LOCAL.frame);
    emit.i32(pc);
    if (high - low === 1) {
      emit.op(WASM.i32Equal);
      emit.open(WASM.if, TYPE.i32);
      emit.i32(index);
      emit.op(WASM.else);
      emit.i32(INTERPRET);
    } else {
      emit.op(WASM.i32Less);
      emit.open(WASM.if, TYPE.i32);
      between(low, middle);
      emit.op(WASM.else);
      between(middle, high);
    }
    emit.close();
  };
  between(0, places.length);
  return emit;
}
