import type { AddressHex, HashHex, Height, NodeId, Term, ValidatorIndex, View } from '@hansa/primitives';

/** What a primary proposes: an order of transactions on top of a parent proposal. Its digest never changes with the view. */
export type Proposal = {
  readonly chainId: number;
  readonly groupId: string;
  readonly term: Term;
  readonly height: Height;
  /** View in which it was first proposed. */
  readonly view: View;
  readonly parentDigest: HashHex;
  /** Milliseconds since 1970, strictly above the parent's. */
  readonly timestamp: number;
  readonly proposer: ValidatorIndex;
  readonly transactionHashes: readonly HashHex[];
};

export type LogSize = { readonly size: bigint; readonly root: HashHex };

/** The executed block. Its digest is the block hash. */
export type BlockHeader = {
  readonly version: number;
  readonly chainId: number;
  readonly groupId: string;
  readonly height: Height;
  readonly term: Term;
  /** View in which its proposal was first made. */
  readonly view: View;
  /** Node id of the proposer; 128 zeros in genesis. */
  readonly proposer: NodeId;
  readonly parentHash: HashHex;
  readonly timestamp: number;
  readonly proposalDigest: HashHex;
  readonly txRoot: HashHex;
  readonly receiptRoot: HashHex;
  readonly stateRoot: HashHex;
  readonly gasUsed: bigint;
  readonly gasLimit: bigint;
  readonly validatorsHash: HashHex;
  readonly nextValidatorsHash: HashHex;
  readonly registryRoot: HashHex;
  readonly extensions: readonly LogSize[];
};

/** Why an ordered transaction was not executed. Encoded as one byte; numbers are part of the format. */
export const LEFT_OUT_REASONS = [
  'nonce too low',
  'nonce too high',
  'insufficient funds for gas * price + value',
  'gas price below minimum',
  'gas limit above maximum',
  'intrinsic gas too low',
  'sender is a contract',
  'sender frozen',
  'expired',
  'already on chain',
  'block gas limit',
  'init code too large',
] as const;
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number];

export type LeftOut = { readonly position: number; readonly hash: HashHex; readonly reason: LeftOutReason };

export type BlockBody = {
  /** Original bytes of the executed transactions, in order. */
  readonly transactions: readonly Uint8Array[];
  /** By strictly increasing position in the proposal. */
  readonly leftOut: readonly LeftOut[];
};

export type Block = { readonly header: BlockHeader; readonly body: BlockBody };

export type Log = { readonly address: AddressHex; readonly topics: readonly HashHex[]; readonly data: Uint8Array };

export type Receipt = {
  readonly transactionHash: HashHex;
  readonly index: number;
  /** 1 success, 0 reverted or failed. */
  readonly status: 0 | 1;
  readonly gasUsed: bigint;
  readonly cumulativeGasUsed: bigint;
  readonly effectiveGasPrice: bigint;
  readonly contractAddress: AddressHex | undefined;
  readonly output: Uint8Array;
  readonly logs: readonly Log[];
};

export type CertificateSignature = { readonly index: ValidatorIndex; readonly signature: Uint8Array };

/** Finality: RESULT signatures of a quorum by strictly increasing validator index. */
export type Certificate = {
  readonly height: Height;
  readonly blockHash: HashHex;
  readonly signatures: readonly CertificateSignature[];
};

export type CertifiedBlock = { readonly block: Block; readonly certificate: Certificate };
