import type { AddressHex, HashHex, Height } from '@hansa/primitives';

export type AccessListEntry = { readonly address: AddressHex; readonly storageKeys: readonly HashHex[] };

/** An Ethereum transaction as decoded: legacy with EIP-155 (0), EIP-2930 (1) or EIP-1559 (2). */
export type Transaction = {
  readonly type: 0 | 1 | 2;
  /** The original bytes: hashed, stored and forwarded as they came, never encoded again. */
  readonly bytes: Uint8Array;
  /** Keccak-256 of `bytes`. */
  readonly hash: HashHex;
  readonly chainId: number;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** Legacy and 2930: gasPrice. 1559: maxFeePerGas. */
  readonly maxFeePerGas: bigint;
  /** Legacy and 2930: equal to `maxFeePerGas`. */
  readonly maxPriorityFeePerGas: bigint;
  /** undefined creates a contract. */
  readonly to: AddressHex | undefined;
  readonly value: bigint;
  /** View into `bytes`. */
  readonly data: Uint8Array;
  readonly accessList: readonly AccessListEntry[];
  /** What the sender signed, 32 bytes. */
  readonly signingDigest: Uint8Array;
  /** r ‖ s, 64 bytes, low-s. */
  readonly signature: Uint8Array;
  readonly recovery: 0 | 1;
  /** Last height at which it may be ordered (FISCO BCOS: blockLimit); undefined never expires. */
  readonly lastHeight: Height | undefined;
};

/** A transaction whose signature was checked. */
export type SignedTransaction = Transaction & { readonly sender: AddressHex };

/** What a sender decides. `maxPriorityFeePerGas` is used by type 2 only. */
export type UnsignedTransaction = Pick<
  Transaction,
  | 'type'
  | 'chainId'
  | 'nonce'
  | 'gasLimit'
  | 'maxFeePerGas'
  | 'maxPriorityFeePerGas'
  | 'to'
  | 'value'
  | 'data'
  | 'accessList'
> & {
  /** Adds the access-list entry that carries it; types 1 and 2 only. */
  readonly lastHeight?: Height | undefined;
};
