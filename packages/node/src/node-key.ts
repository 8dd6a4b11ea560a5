import type { CryptoSuite, PrivateKey } from '@hansa/crypto';
import type { IdentitySigner } from '@hansa/network';
import type { AddressHex, HashHex, NodeId } from '@hansa/primitives';
import { encodeSignedTransaction } from '@hansa/protocol';
import { createLocalSigner, createSigningDigests } from './consensus/local-signer.ts';
import type { VoteSigner } from './consensus/ports.ts';
import type { SignerMark } from './consensus/vote-record.ts';

/** A legacy transaction of a node's account: it moves no value and pays no fee (spec EXE-18). */
export type AccountTransaction = {
  readonly chainId: number;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  readonly to: AddressHex;
  readonly data: Uint8Array;
};

export type SignerTrouble = { readonly code: string; readonly message: string; readonly remedy: string };

/** All that a node does with its key, wherever the key is: in this process, or with a signer (docs/spec/signer.md, SGN-1). */
export type NodeKey = {
  readonly nodeId: NodeId;
  /** For the connections: the key itself, or whoever proves it. */
  readonly identity: PrivateKey | IdentitySigner;
  readonly votes: VoteSigner;
  /** `undefined` when the signer is away or refuses. */
  signTransaction(transaction: AccountTransaction, done: (raw: Uint8Array | undefined) => void): void;
  /** Why no vote is signed now; undefined when they are. */
  trouble(): SignerTrouble | undefined;
  /** Of a remote signer: votes signed, refused and lost, requests answered and the time that they took. */
  counters(): Readonly<Record<string, number>>;
  /**
   * What the vote store remembers of the signer's record (spec SGN-10).
   * @throws ChainError SIGNER_RECORD_OLD
   */
  expectMark(mark: SignerMark | undefined): void;
  stop(): void;
};

/** The key of a key file, in this process. */
export function createLocalKey(suite: CryptoSuite, key: PrivateKey, genesisHash: HashHex): NodeKey {
  return {
    nodeId: suite.nodeIdOf(key),
    identity: key,
    votes: createLocalSigner(createSigningDigests(suite, genesisHash), (digest) => suite.sign(digest, key)),
    signTransaction: (transaction, done) => done(encodeAccountTransaction(transaction, key)),
    trouble: () => undefined,
    counters: () => ({}),
    expectMark: () => undefined,
    stop: () => undefined,
  };
}

export function encodeAccountTransaction(transaction: AccountTransaction, key: PrivateKey): Uint8Array {
  const { chainId, nonce, gasLimit, to, data } = transaction;
  const fees = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
  return encodeSignedTransaction(
    { type: 0, chainId, nonce, gasLimit, ...fees, to, value: 0n, data, accessList: [] },
    key,
  );
}
