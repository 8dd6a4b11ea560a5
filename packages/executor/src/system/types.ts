import type { CryptoSuite } from '@hansa/crypto';
import type { AddressHex, Height } from '@hansa/primitives';
import type { Log, StateKey, StateReader } from '@hansa/protocol';

/** What a system contract may write to. Changes are taken back with the call frame. */
export type SystemState = StateReader & { set(key: StateKey, value: Uint8Array | undefined): void };

export type SystemCall = {
  readonly suite: CryptoSuite;
  readonly state: SystemState;
  readonly caller: AddressHex;
  readonly value: bigint;
  readonly isStatic: boolean;
  readonly height: Height;
  readonly data: Uint8Array;
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
  readonly run: (call: SystemCall, argumentData: Uint8Array) => SystemOutcome;
};

export type SystemContract = {
  readonly address: AddressHex;
  readonly name: string;
  readonly functions: readonly SystemFunction[];
};

/** A read costs about what a cold storage slot does, a write what a new one does. */
export const READ_GAS = 2_100n;
export const WRITE_GAS = 22_100n;
export const INPUT_BYTE_GAS = 16n;
