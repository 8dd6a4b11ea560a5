import type { CryptoSuite } from '@hansa/crypto';
import type { AddressHex, HashHex, Height } from '@hansa/primitives';
import type { LeftOutReason, Log, SignedTransaction } from '@hansa/protocol';
import type { EvmTracer } from './evm-tracer.ts';
import type { StateOverlay } from './state-overlay.ts';

/**
 * `wasm` is the engine of packages/evm; `compiled` is the same, with codes compiled that are called often (compile-hot.ts), and
 * `compiled at once` with all of them, for tests; `ethereumjs` is slow, and what the others are checked against.
 */
export type EngineName = 'wasm' | 'compiled' | 'compiled at once' | 'ethereumjs';

/** What the EVM sees of the block (docs/spec/execution.md, EXE-20). */
export type BlockEnvironment = {
  readonly chainId: number;
  readonly height: Height;
  /** Seconds. */
  readonly timestamp: number;
  readonly gasLimit: bigint;
  readonly baseFee: bigint;
  readonly coinbase: AddressHex;
  readonly prevRandao: HashHex;
  /** Hash of one of the 256 blocks before, undefined for others. */
  readonly blockHash: (height: number) => HashHex | undefined;
};

export type MessageCall = {
  readonly caller: AddressHex;
  readonly to: AddressHex | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
  readonly gasPrice: bigint;
  readonly accessList: SignedTransaction['accessList'];
  /** Undefined for a call that is no transaction. */
  readonly transactionHash: HashHex | undefined;
};

export type MessageResult = {
  readonly gasUsed: bigint;
  readonly gasRefund: bigint;
  readonly output: Uint8Array;
  /** Word of the EVM for a failure: `revert`, `out of gas`, …; undefined on success. */
  readonly error: string | undefined;
  readonly logs: readonly Log[];
  readonly createdAddress: AddressHex | undefined;
};

export type MachineOptions = {
  readonly suite: CryptoSuite;
  readonly environment: BlockEnvironment;
  readonly overlay: StateOverlay;
  /** Only for traces: it costs much. */
  readonly tracer?: EvmTracer | undefined;
};

/** Runs messages of one block, one at a time. */
export type Machine = {
  /** Runs one message to its end and takes back what it must. The sender's nonce and fee are the caller's business. */
  run(call: MessageCall): MessageResult | Promise<MessageResult>;
  /**
   * A whole transaction at once, fee and nonce included, where the engine can do that: or the first reason, in the order of
   * EXE-11, why it is left out; then nothing has changed. The caller has checked what does not depend on the sender's account.
   * What it changes comes into the overlay with `settle`.
   */
  transact?(transaction: SignedTransaction, price: bigint): MessageResult | LeftOutReason;
  /** Brings the overlay up to date. MUST be called before anybody else reads accounts or storage there. */
  settle?(): void;
};

export type MachineFactory = (options: MachineOptions) => Machine;
