import type { AddressHex, HashHex, NodeId } from '@hansa/primitives';

/** A node's or a person's private key, 32 bytes. Never logged, never sent. */
export type PrivateKey = Uint8Array;

/**
 * The algorithms of one chain, chosen by genesis. Outside this package nothing names an algorithm.
 * All functions are synchronous, never throw on peers' bytes, and keep nothing that they are given.
 */
export type CryptoSuite = {
  readonly name: 'standard' | 'sm';
  /** Digest of bytes, 32 bytes. `standard`: SHA-256 (FIPS 180-4). */
  digest(bytes: Uint8Array): Uint8Array;
  /** Domain-separated digest: H(u8 tag length ‖ ASCII tag ‖ bytes), tag = `hansa/<kind>/v1`. */
  taggedDigest(tag: string, bytes: Uint8Array): HashHex;
  /** Bare digests of `count` pairs: input 64 · count bytes, output 32 · count bytes. */
  digestPairs(pairs: Uint8Array): Uint8Array;
  /** 64 bytes r ‖ s, low-s, deterministic (RFC 6979). */
  sign(digest: HashHex, key: PrivateKey): Uint8Array;
  /** False for a wrong signature, a malformed one, and for high-s. */
  verify(digest: HashHex, signature: Uint8Array, nodeId: NodeId): boolean;
  nodeIdOf(key: PrivateKey): NodeId;
  /** False when the id is no point of the curve. */
  isValidNodeId(nodeId: string): nodeId is NodeId;
  generateKey(): PrivateKey;
};

/** Ethereum's own algorithms, the same on every chain: they belong to its transaction formats and to the EVM. */
export type EthereumCrypto = {
  keccak256(bytes: Uint8Array): Uint8Array;
  /** Sender of a signed digest, or undefined when the signature recovers to nothing. `compact` is r ‖ s, low-s. */
  recoverAddress(digest: Uint8Array, compact: Uint8Array, recovery: 0 | 1): AddressHex | undefined;
};
