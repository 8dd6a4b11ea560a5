import type { RuntimeName } from './compiler/runtime.ts';
import { TRACING_EVM_WASM } from './tracing-wasm-bytes.ts';
import { EVM_WASM } from './wasm-bytes.ts';

/** What the engine asks of its host: assembly/host.ts describes each. */
export type HostImports = {
  readonly loadAccount: (entry: number) => void;
  readonly loadSlot: (account: number, entry: number) => void;
  readonly codeSize: (hash: number) => number;
  readonly copyCode: (hash: number, to: number) => void;
  readonly storeCode: (hash: number, bytes: number, size: number) => number;
  readonly blockHash: (height: bigint, to: number) => void;
  readonly native: (kind: number, data: number, size: number, gas: bigint) => number;
  readonly revertTo: (mark: number) => void;
  readonly deny: (data: number, size: number) => number;
  readonly created: (account: number) => void;
  /** A code has become hot. Not of the tracing build. */
  readonly hot: (code: number) => void;
};

/** What the tracing build tells: assembly/trace.ts describes each. */
export type TraceImports = {
  readonly step: (frame: number, pc: number, top: number, gas: bigint, refund: bigint) => void;
  readonly enter: (frame: number, target: number, data: number, size: number) => void;
  readonly leave: (
    ...args: [
      frame: number,
      status: number,
      gas: bigint,
      left: bigint,
      refund: bigint,
      logs: number,
      output: number,
      size: number,
    ]
  ) => void;
  readonly access: (account: number, slot: number) => void;
};

type Address = { readonly value: number };

/** Exports of assembly/index.ts. */
export type EvmExports = {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly ENV: Address;
  readonly INPUT: Address;
  readonly INPUT_SIZE: Address;
  readonly MESSAGE: Address;
  readonly NATIVE: Address;
  readonly OPS: Address;
  readonly RESULT: Address;
  readonly RESULT_BLOOM: Address;
  setup(fork: number, hasRules: number, codeBytes: number, seedLow: bigint, seedHigh: bigint): void;
  reserve(inputSize: number): number;
  transact(): number;
  message(): void;
  bloom(): void;
  forget(): void;
  faultKind(): number;
  nativeOutput(size: number): number;
  nativeCreate(address: number, bytes: number, size: number): number;
  nativeLog(topics: number, size: number): number;
  noteHost(mark: number): void;
  findAccount(address: number): number;
  listDirty(): void;
  cleanState(): void;
  accountsInTable(): number;
  slotsInTable(): number;
  refreshAccount(address: number): void;
  refreshSlot(address: number, key: number): void;
  slotOf(account: number, key: number): number;
  readonly table: FunctionTable;
  setHotCalls(calls: number): void;
  attachCompiled(hash: number, index: number): number;
  readonly WARM_FRAME: Address;
} & Readonly<Record<RuntimeName, WasmFunction>>;

/** A function of a module, to hand on to another one: never called from here. */
type WasmFunction = (...values: readonly (number | bigint)[]) => number | bigint | undefined;
type FunctionTable = {
  grow(count: number): number;
  set(index: number, value: CompiledExports['run'] | null): void;
};

/** Exports of a compiled code (compiler/compile.ts). */
export type CompiledExports = {
  /** Runs a frame as far as it can. */
  run(frame: number): number;
  /** One of its functions. */
  region(frame: number, index: number): number;
};

export type CompiledModule = { readonly [Symbol.toStringTag]: string };

// Node and browsers have it; no type library of a pure package does.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => CompiledModule;
  readonly Instance: new (
    module: CompiledModule,
    imports:
      | { readonly host: HostImports | (HostImports & TraceImports) }
      | { readonly engine: Readonly<Record<string, unknown>> },
  ) => { readonly exports: unknown };
  readonly compile: (bytes: Uint8Array) => PromiseLike<CompiledModule>;
  readonly RuntimeError: new () => Error;
};
declare const atob: (text: string) => string;

let compiled: CompiledModule | undefined;
let compiledTracing: CompiledModule | undefined;

/**
 * An engine of its own, with its own memory; the tracing build when it has somebody to tell. Each module is compiled once per
 * thread (some milliseconds).
 */
export function createInstance(host: HostImports, trace?: TraceImports): EvmExports {
  if (trace === undefined) {
    compiled ??= new WebAssembly.Module(bytesOf(EVM_WASM));
    return new WebAssembly.Instance(compiled, { host }).exports as EvmExports;
  }
  compiledTracing ??= new WebAssembly.Module(bytesOf(TRACING_EVM_WASM));
  return new WebAssembly.Instance(compiledTracing, { host: { ...host, ...trace } }).exports as EvmExports;
}

/** Both validate: what is not sound is not run. */
export const compileModule = (bytes: Uint8Array): PromiseLike<CompiledModule> => WebAssembly.compile(bytes);
export const compileModuleAtOnce = (bytes: Uint8Array): CompiledModule => new WebAssembly.Module(bytes);

/** A compiled code on an engine, which is all that it reaches. */
export function instantiateCode(module: CompiledModule, engine: EvmExports): CompiledExports {
  return new WebAssembly.Instance(module, { engine }).exports as CompiledExports;
}

/** Whether the module itself has stopped, and not something that it had called. */
export const isTrap = (error: unknown): boolean => error instanceof WebAssembly.RuntimeError;

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
