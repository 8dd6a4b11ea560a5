import { randomBytes } from 'node:crypto';
import {
  type CompilerOptions,
  type Environment,
  Evm,
  type EvmStatus,
  type GeneratedCode,
  type NativeCall,
  type NativeOutcome,
  type Refusal,
  type RuledCall,
  type StatePort,
} from '@hansa/evm';
import { type AddressHex, assert, type HashHex, ZERO_HASH } from '@hansa/primitives';
import type { LeftOutReason, SignedTransaction } from '@hansa/protocol';
import type { BlockEnvironment, EngineName, Machine, MachineOptions, MessageCall, MessageResult } from './machine.ts';
import { contractDenial, isFreeToCall, recordCreation } from './permission.ts';
import type { StateOverlay } from './state-overlay.ts';
import { encodeRevert, runSystemContract, SYSTEM_CONTRACTS } from './system/index.ts';
import { type WasmTrace, wasmTraceOf } from './wasm-tracer.ts';

/** The word for each end of a message but success; those of EthereumJS, so that one table serves both (call.ts). */
const WORDS: Readonly<Record<Exclude<EvmStatus, 'ok'>, string>> = {
  revert: 'revert',
  'out of gas': 'out of gas',
  'invalid opcode': 'invalid opcode',
  'stack underflow': 'stack underflow',
  'stack overflow': 'stack overflow',
  'invalid jump': 'invalid JUMP',
  'static state change': 'static state change',
  'init code too large': 'initcode exceeds max initcode size',
  'create collision': 'create collision',
  'code too large': 'code size to deposit exceeds maximum code size',
  'invalid code': 'invalid bytecode deployed',
  'code store out of gas': 'code store out of gas',
  'insufficient balance': 'insufficient balance',
  'precompile failure': 'invalid input of a precompiled contract',
};

/** EXE-11. */
const REASONS: Readonly<Record<Refusal, LeftOutReason>> = {
  'nonce too low': 'nonce too low',
  'nonce too high': 'nonce too high',
  'sender is a contract': 'sender is a contract',
  'init code too large': 'init code too large',
  'intrinsic gas too low': 'intrinsic gas too low',
  'insufficient funds': 'insufficient funds for gas * price + value',
};

/** Entries of the engine's table above which it begins anew with the next block: 128 bytes each and an index. */
const ENTRY_COUNT_MAX = 1_000_000;

/** An engine of this thread, and what it stands on. It runs one message at a time, without a wait in between. */
type Bound = { readonly evm: Evm; overlay: StateOverlay | undefined; machine: WasmMachine | undefined };
/** Those of record, without a compiler and with one, and the one with hooks: made when they are needed. */
type BuildName = Exclude<EngineName, 'ethereumjs'> | 'tracing';
const engines: Partial<Record<BuildName, Bound | undefined>> = {};
/** Calls of a code after which compiling it is worth its time: some ten milliseconds. */
const HOT_CALLS = 200;
const COMPILERS: Partial<Record<BuildName, CompilerOptions>> = {
  compiled: { hotCalls: HOT_CALLS, when: 'queue' },
  'compiled at once': { hotCalls: 1, when: 'at once' },
};

/** One of the codes that are called often, to be compiled outside of every block (compile-hot.ts). */
export function generateHotCode(): GeneratedCode | undefined {
  return engines.compiled?.evm.generateNext();
}

function engine(build: BuildName): Bound {
  const known = engines[build];
  if (known !== undefined) return known;
  const running = (): WasmMachine => {
    const machine = engines[build]?.machine;
    assert(machine !== undefined, 'the host is asked within a message');
    return machine;
  };
  const made: Bound = {
    // No result depends on the seed: it keeps contracts from choosing slots that collide.
    evm: new Evm({
      fork: 'prague',
      seed: new Uint8Array(randomBytes(16)),
      isTracing: build === 'tracing',
      compiler: COMPILERS[build],
      natives: SYSTEM_CONTRACTS.map(({ address }) => ({ address, run: (call) => running().runSystemContract(call) })),
      rules: {
        denialOf: (call) => running().denialOf(call),
        isFree: (code) => running().isFree(code),
        onCreated: (contract) => running().onCreated(contract),
      },
    }),
    overlay: undefined,
    machine: undefined,
  };
  engines[build] = made;
  return made;
}

/** The engine of packages/evm on the overlay of a block. One machine per block. */
export class WasmMachine implements Machine {
  readonly #options: MachineOptions;
  readonly #port: StatePort;
  readonly #environment: Environment;
  readonly #build: BuildName;
  readonly #trace: WasmTrace | undefined;
  /** Of the message that runs. */
  #origin: AddressHex | undefined;
  #transactionHash: HashHex | undefined;
  /** Whether the engine knows more than the overlay. */
  #hasChanges = false;

  constructor(options: MachineOptions, engine: Exclude<EngineName, 'ethereumjs'> = 'wasm') {
    this.#options = options;
    this.#trace = options.tracer === undefined ? undefined : wasmTraceOf(options.tracer, wordOf);
    this.#build = this.#trace === undefined ? engine : 'tracing';
    this.#port = portOf(options);
    this.#environment = environmentOf(options.environment);
  }

  run(call: MessageCall): MessageResult {
    const { caller, to, value, data, gasLimit, gasPrice, accessList } = call;
    this.#origin = caller;
    this.#transactionHash = call.transactionHash;
    const evm = this.#take();
    try {
      evm.run({ sender: caller, to, value, data, gasLimit, gasPrice, accessList });
    } catch (error) {
      // One that stopped in the middle is in no state to go on.
      engines[this.#build] = undefined;
      throw error;
    }
    this.#hasChanges = true;
    this.settle();
    this.#trace?.finish();
    return resultOf(evm);
  }

  transact(transaction: SignedTransaction, price: bigint): MessageResult | LeftOutReason {
    const { sender, to, value, data, gasLimit, accessList, maxFeePerGas, nonce } = transaction;
    this.#origin = sender;
    this.#transactionHash = transaction.hash;
    const evm = this.#take();
    let refusal: Refusal | undefined;
    try {
      refusal = evm.transact({
        sender,
        to,
        value,
        data,
        gasLimit,
        gasPrice: price,
        accessList,
        nonce,
        feeCap: maxFeePerGas,
      });
    } catch (error) {
      engines[this.#build] = undefined;
      throw error;
    }
    if (refusal !== undefined) return REASONS[refusal];
    this.#hasChanges = true;
    this.#options.overlay.endTransaction();
    return resultOf(evm);
  }

  settle(): void {
    if (!this.#hasChanges) return;
    this.#hasChanges = false;
    const { overlay } = this.#options;
    const bound = engines[this.#build];
    assert(bound?.machine === this, 'an engine is settled before another machine takes it');
    bound.evm.takeChanges({
      account: (address, account) => overlay.settleAccount(address, account),
      storage: (address, slot, word) => overlay.settleStorage(address, slot, word),
    });
  }

  /** A call that has arrived at a system contract (EXE-30, EXE-31). */
  runSystemContract({ address, caller, value, data, gas, isStatic, isDelegated, create }: NativeCall): NativeOutcome {
    const { suite, overlay, environment } = this.#options;
    // By delegation the caller would be somebody who did not mean this contract.
    if (isDelegated) return reverted(gas, 'a system contract cannot be called by delegation');
    const call = {
      suite,
      state: overlay,
      caller,
      value,
      isStatic,
      height: environment.height,
      timestamp: environment.timestamp,
      transactionHash: this.#transactionHash ?? ZERO_HASH,
      blockHash: environment.blockHash,
      data: data.slice(),
      createContract: (created: AddressHex, code: Uint8Array): boolean => {
        if (!create(created, code)) return false;
        this.onCreated(created);
        return true;
      },
    };
    const { gasUsed, isOutOfGas, outcome } = runSystemContract(address, call, gas);
    if (isOutOfGas) return { type: 'out of gas' };
    if (outcome.type === 'revert') return reverted(gasUsed, outcome.reason);
    return { type: 'ok', gasUsed, output: outcome.output, logs: outcome.logs };
  }

  /** A message to a contract, before anything moves. */
  denialOf(call: RuledCall): Uint8Array | undefined {
    const denial = contractDenial(this.#options.overlay, call);
    return denial === undefined ? undefined : encodeRevert(denial);
  }

  isFree(code: AddressHex): boolean {
    return isFreeToCall(this.#options.overlay, code);
  }

  onCreated(contract: AddressHex): void {
    assert(this.#origin !== undefined, 'a contract is created within a message');
    recordCreation(this.#options.overlay, contract, this.#origin);
  }

  /** The engine, standing on this overlay as it is now. */
  #take(): Evm {
    const { overlay } = this.#options;
    const held = engine(this.#build);
    if (held.machine !== this) {
      held.machine?.settle();
      held.evm.bind(this.#port, this.#environment);
      held.machine = this;
      if (this.#trace !== undefined) held.evm.trace(this.#trace.hooks);
    }
    const { accounts, slots } = held.evm.size;
    if (held.overlay !== overlay || accounts + slots > ENTRY_COUNT_MAX) {
      this.settle();
      held.evm.forget();
      held.overlay = overlay;
      overlay.watch();
    }
    for (const address of overlay.takeWritten()) held.evm.refreshAccount(address);
    return held.evm;
  }
}

function portOf({ overlay, environment }: MachineOptions): StatePort {
  return {
    account: (address) => overlay.account(address),
    storage: (address, slot) => overlay.storage(address, slot),
    code: (codeHash) => overlay.code(codeHash),
    putCode: (codeHash, code) => overlay.setCode(codeHash, code),
    checkpoint: () => overlay.checkpoint(),
    revertTo: (checkpoint) => overlay.revertTo(checkpoint),
    blockHash: (height) => environment.blockHash(height),
  };
}

function environmentOf(environment: BlockEnvironment): Environment {
  return {
    chainId: BigInt(environment.chainId),
    height: BigInt(environment.height),
    timestamp: BigInt(environment.timestamp),
    gasLimit: environment.gasLimit,
    baseFee: environment.baseFee,
    blobBaseFee: 1n,
    coinbase: environment.coinbase,
    prevRandao: environment.prevRandao,
  };
}

function resultOf(evm: Evm): MessageResult {
  const { status, gasUsed, gasRefund, output, logs, createdAddress } = evm.result();
  return { gasUsed, gasRefund, output, error: wordOf(status), logs, createdAddress };
}

const wordOf = (status: EvmStatus): string | undefined => (status === 'ok' ? undefined : WORDS[status]);

const reverted = (gasUsed: bigint, reason: string): NativeOutcome => ({
  type: 'revert',
  gasUsed,
  output: encodeRevert(reason),
});
