import type { CryptoSuite } from '@hansa/crypto';
import type { AddressHex, HashHex, Height } from '@hansa/primitives';
import type { Log, StateKey, StateReader } from '@hansa/protocol';
import { type AbiType, type AbiValue, argumentTypes, decodeAbi, encodeAbi, topicOf } from '../abi.ts';

/** What a system contract may write to. Changes are taken back with the call frame. */
export type SystemState = StateReader & { set(key: StateKey, value: Uint8Array | undefined): void };

export type SystemCall = {
  readonly suite: CryptoSuite;
  readonly state: SystemState;
  readonly caller: AddressHex;
  readonly value: bigint;
  readonly isStatic: boolean;
  readonly height: Height;
  /** Of the block, in seconds since 1970. */
  readonly timestamp: number;
  /** Of the transaction; the zero hash in a call that is none. */
  readonly transactionHash: HashHex;
  /** Hash of one of the 256 blocks before. */
  readonly blockHash: (height: number) => HashHex | undefined;
  readonly data: Uint8Array;
  /**
   * Makes an account a contract with this code and nonce 1, governed by the sender of the transaction (spec GOV-60); false,
   * and nothing is done, when it has a nonce or code. Taken back with the call.
   */
  readonly createContract: (address: AddressHex, code: Uint8Array) => boolean;
};

export type SystemOutcome =
  | { readonly type: 'return'; readonly output: Uint8Array; readonly logs: readonly Log[] }
  /** State is taken back; the caller sees `Error(reason)`. */
  | { readonly type: 'revert'; readonly reason: string };

/** One function of a system contract. */
export type SystemFunction = {
  /** Solidity signature; its selector is Keccak's. */
  readonly signature: string;
  readonly isView: boolean;
  /** Beside the cost of its input. */
  readonly gas: bigint;
  /** Of each byte of its input, where it is more than that of all others. */
  readonly inputByteGas?: bigint;
  readonly run: (call: SystemCall, argumentData: Uint8Array) => SystemOutcome;
};

export type SystemContract = {
  readonly address: AddressHex;
  readonly name: string;
  readonly functions: readonly SystemFunction[];
};

/** A read costs about what a cold storage slot does, a write what a new one does (spec EXE-36). */
export const READ_GAS = 2_100n;
export const WRITE_GAS = 22_100n;
export const INPUT_BYTE_GAS = 16n;

export const revert = (reason: string): SystemOutcome => ({ type: 'revert', reason });

export const returns = (
  types: readonly AbiType[],
  values: readonly AbiValue[],
  logs: readonly Log[] = [],
): SystemOutcome => ({ type: 'return', output: encodeAbi(types, values), logs });

/** A code as FISCO BCOS returns it: 0, or negative with nothing changed. */
export const returnsCode = (code: number, logs: readonly Log[] = []): SystemOutcome =>
  returns(['int256'], [BigInt(code)], logs);

/** An event of which nothing is indexed. */
export function logOf(address: AddressHex, signature: string, values: readonly AbiValue[]): Log {
  return { address, topics: [topicOf(signature) as HashHex], data: encodeAbi(argumentTypes(signature), values) };
}

type Body = (call: SystemCall, values: readonly AbiValue[]) => SystemOutcome;

/** A function whose arguments are those that its signature names (EXE-32). */
export function systemFunction(signature: string, isView: boolean, gas: bigint, body: Body): SystemFunction {
  const types = argumentTypes(signature);
  return {
    signature,
    isView,
    gas,
    run: (call, data) => {
      const values = decodeAbi(types, data);
      return values === undefined ? revert(`${signature} is expected`) : body(call, values);
    },
  };
}

export const viewFunction = (signature: string, reads: bigint, body: Body): SystemFunction =>
  systemFunction(signature, true, reads * READ_GAS, body);
export const writeFunction = (signature: string, writes: bigint, body: Body): SystemFunction =>
  systemFunction(signature, false, writes * WRITE_GAS, body);
