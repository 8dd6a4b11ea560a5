import { type AddressHex, assert, type HashHex } from '@hansa/primitives';
import { createInstance, type EvmExports, isTrap } from './instance.ts';
import { ENTRY_SIZE, MESSAGE_FIELDS, NATIVE_FIELDS, RESULT_FIELDS, SLOT_FIELDS, STATUSES } from './layout.ts';
import { runPrecompile } from './precompiles/index.ts';
import {
  type AccessList,
  type Environment,
  type EvmAccount,
  EvmFault,
  type EvmLog,
  type EvmMessage,
  type EvmResult,
  type EvmRules,
  type EvmStatus,
  type EvmTransaction,
  type Fork,
  type NativeContract,
  type NativeLog,
  type Refusal,
  type StatePort,
} from './types.ts';
import { MemoryView } from './view.ts';

export type EvmOptions = {
  readonly fork: Fork;
  /**
   * 16 bytes that differ between processes and that nobody else knows: they scatter the table of state, so that no contract
   * can choose slots that collide. No result depends on them.
   */
  readonly seed: Uint8Array;
  readonly natives?: readonly NativeContract[];
  /** Asked before every call of a contract; without it nothing is. */
  readonly rules?: EvmRules | undefined;
  /** Room for codes with their analysis, in bytes. */
  readonly codeBytesMax?: number;
};

/** What was written since the last `takeChanges`. */
export type ChangeSink = {
  /** undefined: it does not exist any more. */
  account(address: AddressHex, account: EvmAccount | undefined): void;
  /** 32 bytes, undefined for zero. */
  storage(address: AddressHex, slot: HashHex, value: Uint8Array | undefined): void;
};

const CODE_BYTES_MAX = 128 * 1024 * 1024;
const REFUSALS: readonly Refusal[] = [
  'nonce too low',
  'nonce too high',
  'sender is a contract',
  'init code too large',
  'intrinsic gas too low',
  'insufficient funds',
];
const PRECOMPILE_COUNT: Readonly<Record<Fork, number>> = { cancun: 0x0a, prague: 0x11 };
const EXISTS = 1;
const ALWAYS_WARM = 4;
const NATIVE_PRECOMPILE = 0x100;
const NATIVE_HOST = 0x200;
const LOG_HEADER = 64;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * The engine of record. One state at a time: what it has read and written stays in its table until `forget`, and what it has
 * written is given to the host by `takeChanges`. Memory: tables grow with what is touched until `forget`; a failed growth is
 * an `EvmFault`. After it, and after anything that the state port throws (which is passed on as it is), the engine is broken for
 * good.
 */
export class Evm {
  readonly #engine: EvmExports;
  readonly #view: MemoryView;
  readonly #natives: ReadonlyMap<AddressHex, NativeContract>;
  readonly #precompileCount: number;
  readonly #rules: EvmRules | undefined;
  readonly #env: number;
  readonly #message: number;
  readonly #result: number;
  readonly #native: number;
  #port: StatePort | undefined;
  #code: Uint8Array = NOTHING;
  #isBroken = false;

  constructor({ fork, seed, natives = [], rules, codeBytesMax = CODE_BYTES_MAX }: EvmOptions) {
    assert(seed.length === 16, `a seed of 16 bytes was expected, got ${seed.length}`);
    this.#natives = new Map(natives.map((native) => [native.address, native]));
    this.#precompileCount = PRECOMPILE_COUNT[fork];
    this.#rules = rules;
    const engine = createInstance({
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
    });
    this.#engine = engine;
    this.#view = new MemoryView(engine.memory);
    this.#env = engine.ENV.value;
    this.#message = engine.MESSAGE.value;
    this.#result = engine.RESULT.value;
    this.#native = engine.NATIVE.value;
    const words = new DataView(seed.buffer, seed.byteOffset, 16);
    engine.setup(
      fork === 'prague' ? 1 : 0,
      rules === undefined ? 0 : 1,
      codeBytesMax,
      words.getBigUint64(0),
      words.getBigUint64(8),
    );
  }

  /** State and block of what follows. The table is kept: `forget` when this is another state. */
  bind(port: StatePort, environment: Environment): void {
    this.#port = port;
    const view = this.#view;
    const env = this.#env;
    view.writeAddress(env + 64, environment.coinbase);
    view.writeBigint(env + 96, environment.timestamp);
    view.writeBigint(env + 128, environment.height);
    view.writeHash(env + 160, environment.prevRandao);
    view.writeBigint(env + 192, environment.gasLimit);
    view.writeBigint(env + 224, environment.chainId);
    view.writeBigint(env + 256, environment.baseFee);
    view.writeBigint(env + 288, environment.blobBaseFee);
  }

  /** Executes a transaction, fee and nonce included, or says why it cannot be. What it leaves is read by `result`. */
  transact(transaction: EvmTransaction): Refusal | undefined {
    this.#writeMessage(transaction);
    const view = this.#view;
    view.writeBigint(this.#message + MESSAGE_FIELDS.feeCap, transaction.feeCap);
    view.setU64(this.#message + MESSAGE_FIELDS.nonce, transaction.nonce);
    try {
      const refused = this.#engine.transact();
      return refused === 0 ? undefined : REFUSALS[refused - 1];
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  /**
   * Runs a message alone: the host has raised the sender's nonce and takes the fee. What it leaves is read by `result`.
   */
  run(message: EvmMessage): void {
    this.#writeMessage(message);
    try {
      this.#engine.message();
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  get status(): EvmStatus {
    return STATUSES[this.#view.u32(this.#result + RESULT_FIELDS.status)] as EvmStatus;
  }

  get gasUsed(): bigint {
    return this.#view.u64(this.#result + RESULT_FIELDS.gasUsed);
  }

  get logCount(): number {
    return this.#view.u32(this.#result + RESULT_FIELDS.logCount);
  }

  /** Everything of the last transaction or message. A copy. */
  result(): EvmResult {
    const view = this.#view;
    const at = this.#result;
    const { status } = this;
    const isCreate = view.u32(this.#message + MESSAGE_FIELDS.isCreate) === 1;
    const output = view.u32(at + RESULT_FIELDS.output);
    return {
      status,
      gasUsed: this.gasUsed,
      gasRefund: view.u64(at + RESULT_FIELDS.refund),
      output: view.bytes.slice(output, output + view.u32(at + RESULT_FIELDS.outputSize)),
      logs: status === 'ok' ? this.#logs() : [],
      createdAddress: isCreate ? view.readAddress(at + RESULT_FIELDS.created) : undefined,
    };
  }

  /** Bloom filter of the logs of the last transaction, 256 bytes. A copy. */
  bloom(): Uint8Array {
    this.#engine.bloom();
    const at = this.#engine.RESULT_BLOOM.value;
    return this.#view.bytes.slice(at, at + 256);
  }

  /** Gives what was written since the last time, in the order in which it was first written. */
  takeChanges(sink: ChangeSink): void {
    const view = this.#view;
    this.#engine.listDirty();
    const accounts = view.u32(this.#result + RESULT_FIELDS.dirtyAccounts);
    const accountIds = view.u32(this.#result + RESULT_FIELDS.dirtyAccounts + 4);
    const accountCount = view.u32(this.#result + RESULT_FIELDS.dirtyAccounts + 8);
    for (let i = 0; i < accountCount; i++) {
      const entry = accounts + ENTRY_SIZE * view.u32(accountIds + 4 * i);
      sink.account(view.readAddress(entry), this.#accountAt(entry));
    }
    const slots = view.u32(this.#result + RESULT_FIELDS.dirtySlots);
    const slotIds = view.u32(this.#result + RESULT_FIELDS.dirtySlots + 4);
    const slotCount = view.u32(this.#result + RESULT_FIELDS.dirtySlots + 8);
    // Most slots in a row are of one contract.
    let owner = -1;
    let address = '' as AddressHex;
    for (let i = 0; i < slotCount; i++) {
      const entry = slots + ENTRY_SIZE * view.u32(slotIds + 4 * i);
      const id = view.u32(entry);
      if (id !== owner) {
        owner = id;
        address = view.readAddress(accounts + ENTRY_SIZE * id);
      }
      const at = entry + SLOT_FIELDS.value;
      sink.storage(address, view.readHash(entry + SLOT_FIELDS.key), view.isZero(at) ? undefined : view.readWord(at));
    }
    this.#engine.cleanState();
  }

  /** The account as it is now, undefined if it does not exist or was never touched. For tests and readers. */
  account(address: AddressHex): EvmAccount | undefined {
    const at = this.#message + MESSAGE_FIELDS.to;
    this.#view.writeAddress(at, address);
    const entry = this.#engine.findAccount(at) >>> 0;
    return entry === 0 ? undefined : this.#accountAt(entry);
  }

  /** The host has changed this account itself: it is read again. */
  refreshAccount(address: AddressHex): void {
    const at = this.#message + MESSAGE_FIELDS.to;
    this.#view.writeAddress(at, address);
    this.#engine.refreshAccount(at);
  }

  /** The host has changed this slot itself: it is read again. */
  refreshSlot(address: AddressHex, slot: HashHex): void {
    const at = this.#message + MESSAGE_FIELDS.to;
    this.#view.writeAddress(at, address);
    this.#view.writeHash(at + 32, slot);
    this.#engine.refreshSlot(at, at + 32);
  }

  /** Empties the table: state may be another one from here on. What was written and not taken is lost. */
  forget(): void {
    this.#engine.forget();
  }

  /** Entries in the table: what `forget` would free. */
  get size(): { readonly accounts: number; readonly slots: number } {
    return { accounts: this.#engine.accountsInTable(), slots: this.#engine.slotsInTable() };
  }

  #bytesAt(at: number, size: number): Uint8Array {
    return this.#view.bytes.subarray(at, at + size);
  }

  get #state(): StatePort {
    assert(this.#port !== undefined, 'the engine is bound to a state before it runs');
    return this.#port;
  }

  #writeMessage({ sender, to, value, data, gasLimit, gasPrice, accessList }: EvmMessage): void {
    assert(!this.#isBroken, 'an engine that has failed is not used again');
    const view = this.#view;
    const at = this.#message;
    view.setU64(at + MESSAGE_FIELDS.gas, gasLimit);
    const input = this.#reserve(data.length + 64 + (accessList.length === 0 ? 0 : sizeOfList(accessList)));
    view.writeAddress(at, sender);
    if (to !== undefined) view.writeAddress(at + MESSAGE_FIELDS.to, to);
    view.writeBigint(at + MESSAGE_FIELDS.value, value);
    view.setU32(at + MESSAGE_FIELDS.isCreate, to === undefined ? 1 : 0);
    view.setU32(at + MESSAGE_FIELDS.data, input);
    view.setU32(at + MESSAGE_FIELDS.dataSize, data.length);
    view.setU32(at + MESSAGE_FIELDS.listCount, accessList.length);
    view.writeBigint(this.#env + 32, gasPrice);
    view.bytes.set(data, input);
    if (accessList.length === 0) return;
    let list = (input + data.length + 63) & ~63;
    view.setU32(at + MESSAGE_FIELDS.list, list);
    for (const { address, storageKeys } of accessList) {
      view.writeAddress(list, address);
      view.setU32(list + 32, storageKeys.length);
      list += 64;
      for (const key of storageKeys) {
        view.writeHash(list, key);
        list += 32;
      }
    }
  }

  #reserve(size: number): number {
    try {
      return this.#engine.reserve(size) >>> 0;
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  #logs(): readonly EvmLog[] {
    const view = this.#view;
    const logs: EvmLog[] = [];
    let at = view.u32(this.#result + RESULT_FIELDS.logs);
    for (let left = this.logCount; left > 0; left--) {
      const topicCount = view.u32(at + 32);
      const size = view.u32(at + 36);
      const topics: HashHex[] = [];
      for (let i = 0; i < topicCount; i++) topics.push(view.readHash(at + LOG_HEADER + 32 * i));
      const data = at + LOG_HEADER + 32 * topicCount;
      logs.push({ address: view.readAddress(at), topics, data: view.bytes.slice(data, data + size) });
      at = data + ((size + 31) & ~31);
    }
    return logs;
  }

  #accountAt(entry: number): EvmAccount | undefined {
    const view = this.#view;
    if ((view.u32(entry + 28) & EXISTS) === 0) return undefined;
    return {
      nonce: view.u64(entry + 96),
      balance: view.readBigint(entry + 32),
      codeHash: view.readRawHash(entry + 64),
    };
  }

  #loadAccount(entry: number): void {
    const view = this.#view;
    const address = view.readAddress(entry);
    const account = this.#state.account(address);
    // A growing host could have moved nothing: entries stay where they are within a transaction.
    this.#engine.setNoCode(entry);
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
    });
    if (outcome.type === 'out of gas') return STATUSES.indexOf('out of gas');
    if (outcome.type === 'ok') for (const log of outcome.logs ?? []) this.#writeLog(log);
    this.#writeOutput(outcome.output);
    view.setU64(at + NATIVE_FIELDS.gasUsed, outcome.gasUsed);
    return outcome.type === 'ok' ? 0 : 1;
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

  /** What throws, in the engine or in the host that it asked, leaves it in the middle of something: it is not used again. */
  #broken(cause: unknown): unknown {
    this.#isBroken = true;
    const kind = this.#engine.faultKind();
    if (kind === 1) return new EvmFault('EVM_MEMORY', 'the machine gives no more memory to the EVM', { cause });
    if (kind === 2)
      return new EvmFault('EVM_CAPACITY', 'a transaction needs more room than its gas can buy', { cause });
    return isTrap(cause) ? new EvmFault('EVM_BROKEN', 'the EVM has stopped within a transaction', { cause }) : cause;
  }
}

/** Keccak-256 of nothing. */
const NO_CODE = 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470' as HashHex;
const ZEROS = '0'.repeat(38);

function sizeOfList(list: AccessList): number {
  return list.reduce((size, { storageKeys }) => size + 64 + 32 * storageKeys.length, 0);
}
