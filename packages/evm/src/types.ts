import type { AddressHex, HashHex } from '@hansa/primitives';

/** Rules of the EVM. `prague` adds the floor price of call data (EIP-7623) and the precompiles of EIP-2537 to `cancun`. */
export type Fork = 'cancun' | 'prague';

export type EvmAccount = { readonly nonce: bigint; readonly balance: bigint; readonly codeHash: HashHex };

/**
 * Where the engine finds what it does not have in its table, and where native contracts write. Every answer MUST be given at
 * once, and MUST be the same for the same state; the engine asks for an account or slot again only after `forget`.
 */
export type StatePort = {
  /** undefined when state has no record of it. */
  account(address: AddressHex): EvmAccount | undefined;
  /** 32 bytes, undefined for zero. Not kept. */
  storage(address: AddressHex, slot: HashHex): Uint8Array | undefined;
  /** Not kept. MUST be there for every code hash of an account but that of no code. */
  code(codeHash: HashHex): Uint8Array | undefined;
  /** A contract was created with this code, which is a copy. Taken back by `revertTo`. */
  putCode(codeHash: HashHex, code: Uint8Array): void;
  /** A point to which `revertTo` goes back: everything written by native contracts and `putCode`. */
  checkpoint(): number;
  revertTo(checkpoint: number): void;
  /** Hash of one of the 256 blocks before, undefined for others. */
  blockHash(height: number): HashHex | undefined;
};

/** What opcodes see of the block. */
export type Environment = {
  readonly chainId: bigint;
  readonly height: bigint;
  /** Seconds. */
  readonly timestamp: bigint;
  readonly gasLimit: bigint;
  readonly baseFee: bigint;
  readonly blobBaseFee: bigint;
  readonly coinbase: AddressHex;
  readonly prevRandao: HashHex;
};

export type AccessList = readonly { readonly address: AddressHex; readonly storageKeys: readonly HashHex[] }[];

export type EvmMessage = {
  readonly sender: AddressHex;
  /** undefined creates a contract. */
  readonly to: AddressHex | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
  /** Paid per gas. */
  readonly gasPrice: bigint;
  readonly accessList: AccessList;
};

export type EvmTransaction = EvmMessage & {
  readonly nonce: bigint;
  /** The sender must be able to pay this per gas. */
  readonly feeCap: bigint;
};

export type EvmLog = { readonly address: AddressHex; readonly topics: readonly HashHex[]; readonly data: Uint8Array };

/** How a message ended. All but the first two are exceptional halts: one status to consensus. */
export type EvmStatus =
  | 'ok'
  | 'revert'
  | 'out of gas'
  | 'invalid opcode'
  | 'stack underflow'
  | 'stack overflow'
  | 'invalid jump'
  | 'static state change'
  | 'init code too large'
  | 'create collision'
  | 'code too large'
  | 'invalid code'
  | 'code store out of gas'
  | 'insufficient balance'
  | 'precompile failure';

export type EvmResult = {
  readonly status: EvmStatus;
  /** Of a transaction what is paid; of a message what it used, before refunds. */
  readonly gasUsed: bigint;
  /** 0 unless it succeeded. */
  readonly gasRefund: bigint;
  /** A copy. Of a creation that succeeded: the code. */
  readonly output: Uint8Array;
  readonly logs: readonly EvmLog[];
  /** Of every creation, failed ones too. */
  readonly createdAddress: AddressHex | undefined;
};

/** Why a transaction cannot be executed; then nothing has changed. The first that holds, in this order. */
export type Refusal =
  | 'nonce too low'
  | 'nonce too high'
  | 'sender is a contract'
  | 'init code too large'
  | 'intrinsic gas too low'
  | 'insufficient funds';

/** A call to a native contract. `data` is valid until the contract returns. */
export type NativeCall = {
  readonly address: AddressHex;
  readonly caller: AddressHex;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gas: bigint;
  readonly isStatic: boolean;
  /** By DELEGATECALL or CALLCODE: the account that is called is another one. */
  readonly isDelegated: boolean;
  /** 1 for the message of the transaction. */
  readonly depth: number;
  /**
   * Puts a contract with this code and nonce 1 at an address, beside what balance is there; false, and nothing is done, when
   * the account has a nonce or code. It is taken back with the call. Rules of the host are not asked; only while `run` runs.
   */
  readonly create: (address: AddressHex, code: Uint8Array) => boolean;
};

export type NativeOutcome =
  | { readonly type: 'ok'; readonly gasUsed: bigint; readonly output: Uint8Array; readonly logs?: readonly NativeLog[] }
  | { readonly type: 'revert'; readonly gasUsed: bigint; readonly output: Uint8Array }
  | { readonly type: 'out of gas' };

/** `address` may be another one than that of the contract which writes it. */
export type NativeLog = EvmLog;

/** A contract that is part of the node. Its writes go to where `StatePort.revertTo` takes them back. */
export type NativeContract = { readonly address: AddressHex; readonly run: (call: NativeCall) => NativeOutcome };

/** A message that calls a contract: neither a native one nor a creation. `data` is valid until the answer. */
export type RuledCall = {
  /** Account whose code runs. */
  readonly code: AddressHex;
  /** Account that it runs as: another one by DELEGATECALL and CALLCODE. */
  readonly to: AddressHex;
  readonly caller: AddressHex;
  readonly data: Uint8Array;
  readonly isStatic: boolean;
};

/** Rules of the host for messages at any depth. What it writes goes to where `StatePort.revertTo` takes it back. */
export type EvmRules = {
  /** Output of the revert that a message ends with before anything moves; undefined: it runs. */
  readonly denialOf: (call: RuledCall) => Uint8Array | undefined;
  /**
   * Whether no message to this code is refused, whoever sends it and whatever it holds. It is not asked again before a native
   * contract runs, something is taken back, or the table is emptied: nothing else may change the rules.
   */
  readonly isFree?: (code: AddressHex) => boolean;
  /** A contract has been created; what is written here is taken back with it. */
  readonly onCreated: (contract: AddressHex) => void;
};

/** The engine cannot go on, because of the machine or of itself: the node MUST stop, the outcome is nobody's failure. */
export class EvmFault extends Error {
  readonly code: 'EVM_MEMORY' | 'EVM_CAPACITY' | 'EVM_BROKEN';

  constructor(code: EvmFault['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EvmFault';
    this.code = code;
  }
}
