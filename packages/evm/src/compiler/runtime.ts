/** Functions of the interpreter's module that compiled code calls (assembly/ops.ts, words.ts, frame.ts), by shape. */
import { TYPE } from './wasm.ts';

/** What a function of the runtime is given: `top` is the address of the upper word of the stack. */
export type RuntimeShape =
  /** (to, a, b): two words to one. */
  | 'binary'
  | 'ternary'
  /** (frame, top, gas) → gas */
  | 'frame gas'
  /** (top, gas) → gas */
  | 'gas'
  /** (frame, top) */
  | 'frame'
  | 'top'
  | 'log'
  | 'expand'
  | 'size';

export const SHAPES: Readonly<
  Record<RuntimeShape, { readonly parameters: readonly number[]; readonly results: readonly number[] }>
> = {
  binary: { parameters: [TYPE.i32, TYPE.i32, TYPE.i32], results: [] },
  ternary: { parameters: [TYPE.i32, TYPE.i32, TYPE.i32, TYPE.i32], results: [] },
  'frame gas': { parameters: [TYPE.i32, TYPE.i32, TYPE.i64], results: [TYPE.i64] },
  gas: { parameters: [TYPE.i32, TYPE.i64], results: [TYPE.i64] },
  frame: { parameters: [TYPE.i32, TYPE.i32], results: [] },
  top: { parameters: [TYPE.i32], results: [] },
  log: { parameters: [TYPE.i32, TYPE.i32, TYPE.i64, TYPE.i32], results: [TYPE.i64] },
  expand: { parameters: [TYPE.i32, TYPE.i64, TYPE.i64], results: [TYPE.i64] },
  size: { parameters: [], results: [TYPE.i32] },
};

export type RuntimeName =
  | 'multiplyWords'
  | 'divideWords'
  | 'divideSigned'
  | 'moduloWords'
  | 'moduloSigned'
  | 'extendSign'
  | 'byteAt'
  | 'shiftLeft'
  | 'shiftRight'
  | 'shiftRightSigned'
  | 'addModulo'
  | 'multiplyModulo'
  | 'power'
  | 'balance'
  | 'extCodeHash'
  | 'hash'
  | 'callDataCopy'
  | 'codeCopy'
  | 'extCodeSize'
  | 'extCodeCopy'
  | 'returnDataCopy'
  | 'memoryCopy'
  | 'storageLoad'
  | 'storageStore'
  | 'callDataLoad'
  | 'transientLoad'
  | 'transientStore'
  | 'blockHash'
  | 'log'
  | 'expand'
  | 'returnDataSize';

export const RUNTIME: Readonly<Record<RuntimeName, RuntimeShape>> = {
  multiplyWords: 'binary',
  divideWords: 'binary',
  divideSigned: 'binary',
  moduloWords: 'binary',
  moduloSigned: 'binary',
  extendSign: 'binary',
  byteAt: 'binary',
  shiftLeft: 'binary',
  shiftRight: 'binary',
  shiftRightSigned: 'binary',
  addModulo: 'ternary',
  multiplyModulo: 'ternary',
  power: 'gas',
  balance: 'gas',
  extCodeHash: 'gas',
  hash: 'frame gas',
  callDataCopy: 'frame gas',
  codeCopy: 'frame gas',
  extCodeSize: 'frame gas',
  extCodeCopy: 'frame gas',
  returnDataCopy: 'frame gas',
  memoryCopy: 'frame gas',
  storageLoad: 'frame gas',
  storageStore: 'frame gas',
  callDataLoad: 'frame',
  transientLoad: 'frame',
  transientStore: 'frame',
  blockHash: 'top',
  log: 'log',
  expand: 'expand',
  returnDataSize: 'size',
};

export const RUNTIME_NAMES: readonly RuntimeName[] = Object.keys(RUNTIME) as RuntimeName[];
