import type { Emitter } from './emitter.ts';
import type { EngineLayout } from './engine-layout.ts';
import type { Path } from './path.ts';
import type { RuntimeName } from './runtime.ts';
import type { Stack } from './stack.ts';

/** What the emitters of opcodes share within a region. */
export type OperationScope = {
  readonly emit: Emitter;
  readonly stack: Stack;
  readonly layout: EngineLayout;
  readonly codeSize: number;
  readonly functionIndexOf: (name: RuntimeName) => number;
  /** The interpreter goes on at `pc` with the words of the path, `gas` given back. */
  readonly exit: (path: Path, pc: number, gas: number) => void;
};
