/** Where the interpreter's module keeps what compiled code reads and writes (assembly/frame.ts, layout.ts). */
import { CODE_BYTES } from '../layout.ts';
import { type Emitter, LOCAL } from './emitter.ts';
import { WASM } from './wasm.ts';

/** Fields of a frame. */
export const FRAME = {
  pc: 0,
  top: 4,
  base: 8,
  memory: 12,
  memorySize: 16,
  code: 20,
  data: 24,
  dataSize: 28,
  self: 32,
  caller: 36,
  isStatic: 40,
  gas: 72,
  value: 96,
} as const;

/** Words of the environment, by the opcode that pushes them, from `ENV` on. */
export const ENVIRONMENT_PLACES: Readonly<Record<number, number>> = {
  50: 0,
  58: 32,
  65: 64,
  66: 96,
  67: 128,
  68: 160,
  69: 192,
  70: 224,
  72: 256,
  74: 288,
};

export class EngineLayout {
  readonly environment: number;

  constructor(environment: number) {
    this.environment = environment;
  }

  /** The frame goes on at `pc`. */
  storePc(emit: Emitter, pc: number): void {
    emit.local(WASM.localGet, LOCAL.frame);
    emit.local(WASM.localGet, LOCAL.frame);
    emit.memory(WASM.i32Load, FRAME.code);
    emit.i32(CODE_BYTES + pc);
    emit.op(WASM.i32Add);
    emit.memory(WASM.i32Store, FRAME.pc);
  }
}
