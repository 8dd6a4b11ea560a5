import { type AddressHex, assert, type HashHex } from '@hansa/primitives';
import type { EvmExports, HostImports } from './instance.ts';
import { NATIVE_FIELDS, SLOT_FIELDS, STATUSES } from './layout.ts';
import { NO_CODE } from './no-code.ts';
import { runPrecompile } from './precompiles/index.ts';
import type { EvmRules, Fork, NativeContract, NativeLog, StatePort } from './types.ts';
import type { MemoryView } from './view.ts';

export type HostOptions = {
  readonly fork: Fork;
  readonly natives: readonly NativeContract[];
  readonly rules: EvmRules | undefined;
};

const PRECOMPILE_COUNT: Readonly<Record<Fork, number>> = { cancun: 0x0a, prague: 0x11 };
const EXISTS = 1;
const ALWAYS_WARM = 4;
const NATIVE_PRECOMPILE = 0x100;
const NATIVE_HOST = 0x200;
const NOTHING: Uint8Array = new Uint8Array(0);
const ZEROS = '0'.repeat(38);
/** The engine looks at what lies below without gas for it, since it is warm (`NATIVE_END` of assembly/frame.ts). */
const NATIVE_END = 0x2_0000;

/** Answers the module: state that is not in its table, native contracts, rules. It knows one engine, `attach`ed first. */
export class EvmHost {
  readonly #natives: ReadonlyMap<AddressHex, NativeContract>;
  readonly #precompileCount: number;
  readonly #rules: EvmRules | undefined;
  #port: StatePort | undefined;
  #attached: { readonly engine: EvmExports; readonly view: MemoryView; readonly native: number } | undefined;
  #code: Uint8Array = NOTHING;
  #onHot: ((code: number) => void) | undefined;

  constructor({ fork, natives, rules }: HostOptions) {
    for (const { address } of natives)
      assert(BigInt(`0x${address}`) < NATIVE_END, `a native contract below 0x20000 was expected, got ${address}`);
    this.#natives = new Map(natives.map((native) => [native.address, native]));
    this.#precompileCount = PRECOMPILE_COUNT[fork];
    this.#rules = rules;
  }

  attach(engine: EvmExports, view: MemoryView): void {
    this.#attached = { engine, view, native: engine.NATIVE.value };
  }

  /** Told of the header of a code that is called often. */
  onHot(listener: (code: number) => void): void {
    this.#onHot = listener;
  }

  bind(port: StatePort): void {
    this.#port = port;
  }

  /** Value in state, whatever the table holds. */
  storage(address: AddressHex, slot: HashHex): Uint8Array | undefined {
    return this.#state.storage(address, slot);
  }

  imports(): HostImports {
    return {
      // Addresses are unsigned; WebAssembly hands them over as signed.
      loadAccount: (entry) => this.#loadAccount(entry >>> 0),
      loadSlot: (account, entry) => this.#loadSlot(account >>> 0, entry >>> 0),
      codeSize: (hash) => this.#codeSize(hash >>> 0),
      copyCode: (_, to) => this.#view.bytes.set(this.#code, to >>> 0),
      storeCode: (hash, bytes, size) => this.#storeCode(hash >>> 0, bytes >>> 0, size),
      blockHash: (height, to) => this.#blockHash(height, to >>> 0),
      native: (kind, data, size, gas) => this.#runNative(kind, this.#bytesAt(data >>> 0, size), gas),
      revertTo: (mark) => this.#state.revertTo(mark),
      deny: (data, size) => this.#deny(this.#bytesAt(data >>> 0, size)),
      created: (account) => this.#created(account >>> 0),
      hot: (code) => this.#onHot?.(code >>> 0),
    };
  }

  get #engine(): EvmExports {
    assert(this.#attached !== undefined, 'the host is attached before the engine runs');
    return this.#attached.engine;
  }

  get #view(): MemoryView {
    assert(this.#attached !== undefined, 'the host is attached before the engine runs');
    return this.#attached.view;
  }

  get #native(): number {
    assert(this.#attached !== undefined, 'the host is attached before the engine runs');
    return this.#attached.native;
  }

  get #state(): StatePort {
    assert(this.#port !== undefined, 'the engine is bound to a state before it runs');
    return this.#port;
  }

  #bytesAt(at: number, size: number): Uint8Array {
    return this.#view.bytes.subarray(at, at + size);
  }

  #loadAccount(entry: number): void {
    const view = this.#view;
    const address = view.readAddress(entry);
    const account = this.#state.account(address);
    let flags = this.#kindOf(address);
    if (account !== undefined) {
      flags |= EXISTS;
      view.writeBigint(entry + 32, account.balance);
      view.setU64(entry + 96, account.nonce);
      if (account.codeHash !== NO_CODE) view.writeRawHash(entry + 64, account.codeHash);
    } else {
      view.writeBigint(entry + 32, 0n);
      view.setU64(entry + 96, 0n);
    }
    view.setU32(entry + 28, flags);
  }

  #kindOf(address: AddressHex): number {
    if (address.startsWith(ZEROS)) {
      const id = Number.parseInt(address.slice(38), 16);
      if (id >= 1 && id <= this.#precompileCount) return NATIVE_PRECOMPILE | ALWAYS_WARM;
    }
    return this.#natives.has(address) ? NATIVE_HOST | ALWAYS_WARM : 0;
  }

  #loadSlot(account: number, entry: number): void {
    const view = this.#view;
    const value = this.#state.storage(view.readAddress(account), view.readHash(entry + SLOT_FIELDS.key));
    if (value === undefined) view.bytes.fill(0, entry + SLOT_FIELDS.value, entry + SLOT_FIELDS.value + 32);
    else view.writeWord(entry + SLOT_FIELDS.value, value);
  }

  #codeSize(hash: number): number {
    const codeHash = this.#view.readRawHash(hash);
    const code = this.#state.code(codeHash);
    assert(code !== undefined, `code ${codeHash} is not in state`);
    this.#code = code;
    return code.length;
  }

  #storeCode(hash: number, bytes: number, size: number): number {
    const mark = this.#state.checkpoint();
    this.#state.putCode(this.#view.readRawHash(hash), this.#view.bytes.slice(bytes, bytes + size));
    return mark;
  }

  #blockHash(height: bigint, to: number): void {
    const hash = this.#state.blockHash(Number(height));
    if (hash === undefined) this.#view.writeBigint(to, 0n);
    else this.#view.writeHash(to, hash);
  }

  /** Answers a status and leaves gas, output and logs where the engine expects them. */
  #runNative(kind: number, data: Uint8Array, gas: bigint): number {
    const view = this.#view;
    const at = this.#native;
    const address = view.readAddress(at + NATIVE_FIELDS.address);
    if (kind === 1) {
      const done = runPrecompile(Number.parseInt(address.slice(38), 16), data, gas);
      if (done === undefined) return STATUSES.indexOf('precompile failure');
      if (done.gasUsed > gas) return STATUSES.indexOf('out of gas');
      view.setU64(at + NATIVE_FIELDS.gasUsed, done.gasUsed);
      this.#writeOutput(done.output);
      return 0;
    }
    const contract = this.#natives.get(address);
    assert(contract !== undefined, 'the engine calls natives that it was given');
    this.#engine.noteHost(this.#state.checkpoint());
    const outcome = contract.run({
      address,
      caller: view.readAddress(at),
      value: view.readBigint(at + NATIVE_FIELDS.value),
      data,
      gas,
      isStatic: view.u32(at + NATIVE_FIELDS.isStatic) !== 0,
      isDelegated: view.u32(at + NATIVE_FIELDS.isDelegated) !== 0,
      depth: view.u32(at + NATIVE_FIELDS.depth) + 1,
      create: (created, code) => this.#createFor(created, code),
    });
    if (outcome.type === 'out of gas') return STATUSES.indexOf('out of gas');
    if (outcome.type === 'ok') for (const log of outcome.logs ?? []) this.#writeLog(log);
    this.#writeOutput(outcome.output);
    view.setU64(at + NATIVE_FIELDS.gasUsed, outcome.gasUsed);
    return outcome.type === 'ok' ? 0 : 1;
  }

  /** The address and then the code are written where the output of the native contract will be: that comes later. */
  #createFor(address: AddressHex, code: Uint8Array): boolean {
    const view = this.#view;
    const bytes = this.#engine.nativeOutput(code.length) >>> 0;
    view.bytes.set(code, bytes);
    const key = this.#native + NATIVE_FIELDS.key;
    view.writeAddress(key, address);
    return this.#engine.nativeCreate(key, bytes, code.length) === 1;
  }

  /** 1 when the rules refuse the message, with the output of its revert written; 2 when they refuse none to this code. */
  #deny(data: Uint8Array): number {
    const view = this.#view;
    const at = this.#native;
    const output = this.#rules?.denialOf({
      code: view.readAddress(at + NATIVE_FIELDS.address),
      to: view.readAddress(at + NATIVE_FIELDS.self),
      caller: view.readAddress(at),
      data,
      isStatic: view.u32(at + NATIVE_FIELDS.isStatic) !== 0,
    });
    if (output === undefined)
      return this.#rules?.isFree?.(view.readAddress(at + NATIVE_FIELDS.address)) === true ? 2 : 0;
    this.#writeOutput(output);
    return 1;
  }

  #created(account: number): void {
    this.#engine.noteHost(this.#state.checkpoint());
    this.#rules?.onCreated(this.#view.readAddress(account));
  }

  #writeOutput(output: Uint8Array): void {
    this.#view.bytes.set(output, this.#engine.nativeOutput(output.length) >>> 0);
  }

  #writeLog({ address, topics, data }: NativeLog): void {
    this.#view.writeAddress(this.#native + NATIVE_FIELDS.self, address);
    const at = this.#engine.nativeLog(topics.length, data.length) >>> 0;
    for (const [index, topic] of topics.entries()) this.#view.writeHash(at + 32 * index, topic);
    this.#view.bytes.set(data, at + 32 * topics.length);
  }
}
