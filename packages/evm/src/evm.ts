import { type AddressHex, assert, type HashHex } from '@hansa/primitives';
import { type CompilerOptions, CompilerTier, type GeneratedCode } from './compiler/tier.ts';
import { EvmHost } from './host.ts';
import { createInstance, type EvmExports, isTrap } from './instance.ts';
import { ENTRY_SIZE, MESSAGE_FIELDS, RESULT_FIELDS, SLOT_FIELDS, STATUSES } from './layout.ts';
import { readLogs } from './logs.ts';
import { type MessagePlace, writeMessage } from './message.ts';
import { NO_CODE, NO_CODE_WORDS } from './no-code.ts';
import { type TraceHooks, TraceRecorder } from './tracing.ts';
import {
  type Environment,
  type EvmAccount,
  EvmFault,
  type EvmMessage,
  type EvmResult,
  type EvmRules,
  type EvmStatus,
  type EvmTransaction,
  type Fork,
  type NativeContract,
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
  /** Compiles what is called often; no result depends on it. Not with `isTracing`. */
  readonly compiler?: CompilerOptions | undefined;
  /** The other build of the module, which tells `trace`d hooks what it does: several times as slow, the same results. */
  readonly isTracing?: boolean;
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
const EXISTS = 1;

/**
 * The engine of record. One state at a time: what it has read and written stays in its table until `forget`, and what it has
 * written is given to the host by `takeChanges`. Memory: tables grow with what is touched until `forget`; a failed growth is
 * an `EvmFault`. After it, and after anything that the state port throws (which is passed on as it is), the engine is broken for
 * good.
 */
export class Evm {
  readonly #engine: EvmExports;
  readonly #view: MemoryView;
  readonly #host: EvmHost;
  readonly #recorder: TraceRecorder | undefined;
  readonly #env: number;
  readonly #message: number;
  readonly #result: number;
  readonly #place: MessagePlace;
  readonly #tier: CompilerTier | undefined;
  #isBroken = false;

  constructor({
    fork,
    seed,
    natives = [],
    rules,
    codeBytesMax = CODE_BYTES_MAX,
    isTracing = false,
    compiler,
  }: EvmOptions) {
    assert(seed.length === 16, `a seed of 16 bytes was expected, got ${seed.length}`);
    const host = new EvmHost({ fork, natives, rules });
    this.#host = host;
    this.#recorder = isTracing ? new TraceRecorder() : undefined;
    const engine = createInstance(host.imports(), this.#recorder?.imports());
    this.#engine = engine;
    this.#view = new MemoryView(engine.memory);
    host.attach(engine, this.#view);
    this.#recorder?.attach(engine, this.#view, host);
    this.#env = engine.ENV.value;
    this.#message = engine.MESSAGE.value;
    this.#result = engine.RESULT.value;
    this.#place = {
      view: this.#view,
      message: this.#message,
      gasPrice: this.#env + 32,
      input: engine.INPUT.value,
      inputSize: engine.INPUT_SIZE.value,
      reserve: (size) => this.#reserve(size),
    };
    const words = new DataView(seed.buffer, seed.byteOffset, 16);
    engine.setup(
      fork === 'prague' ? 1 : 0,
      rules === undefined ? 0 : 1,
      codeBytesMax,
      words.getBigUint64(0),
      words.getBigUint64(8),
    );
    if (compiler === undefined || isTracing) return;
    const tier = new CompilerTier(engine, this.#view, compiler);
    this.#tier = tier;
    host.onHot((code) => tier.onHot(code));
  }

  /** One of the codes that are called often, to be compiled beside everything else. Not within a message. */
  generateNext(): GeneratedCode | undefined {
    return this.#tier?.generateNext();
  }

  /** Codes that run compiled, and bytes of their modules. */
  get compiled(): { readonly codes: number; readonly bytes: number } {
    return this.#tier?.size ?? { codes: 0, bytes: 0 };
  }

  /** State and block of what follows. The table is kept: `forget` when this is another state. */
  bind(port: StatePort, environment: Environment): void {
    this.#host.bind(port);
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
    this.#write(transaction);
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
    this.#write(message);
    try {
      this.#engine.message();
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  /** What follows is told to these hooks, until others are given. Only with `isTracing`. What they throw breaks the engine. */
  trace(hooks: TraceHooks): void {
    assert(this.#recorder !== undefined, 'the engine was made for traces');
    this.#recorder.begin(hooks);
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
      logs: status === 'ok' ? readLogs(view, view.u32(at + RESULT_FIELDS.logs), this.logCount) : [],
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

  #write(message: EvmMessage): void {
    assert(!this.#isBroken, 'an engine that has failed is not used again');
    writeMessage(this.#place, message);
  }

  #reserve(size: number): number {
    try {
      return this.#engine.reserve(size) >>> 0;
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  #accountAt(entry: number): EvmAccount | undefined {
    const view = this.#view;
    if ((view.u32(entry + 28) & EXISTS) === 0) return undefined;
    return {
      nonce: view.u64(entry + 96),
      balance: view.readBigint(entry + 32),
      // Most accounts have none: one text for all of them.
      codeHash: view.holds(entry + 64, NO_CODE_WORDS) ? NO_CODE : view.readRawHash(entry + 64),
    };
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
