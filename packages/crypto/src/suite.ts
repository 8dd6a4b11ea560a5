import type { AddressHex, HashHex, NodeId } from '@hansa/primitives';

/** A node's or a person's private key, 32 bytes. Never logged, never sent. */
export type PrivateKey = Uint8Array;

/**
 * The algorithms of one chain, chosen by genesis. Outside this package nothing names an algorithm.
 * All functions are synchronous, never throw on peers' bytes, and keep nothing that they are given.
 */
export type CryptoSuite = {
  readonly name: 'standard' | 'sm';
  /** Digest of bytes, 32 bytes that belong to the caller. `standard`: SHA-256 (FIPS 180-4). */
  digest(bytes: Uint8Array): Uint8Array;
  /** Domain-separated digest: H(u8 tag length ‖ ASCII tag ‖ bytes), tag = `hansa/<kind>/v1`. */
  taggedDigest(tag: string, bytes: Uint8Array): HashHex;
  /** Bare digests of `count` pairs: input 64 · count bytes, output 32 · count bytes that belong to the caller. */
  digestPairs(pairs: Uint8Array): Uint8Array;
  /** 64 bytes r ‖ s, low-s, deterministic (RFC 6979). @throws InvariantError on a key that is none */
  sign(digest: HashHex, key: PrivateKey): Uint8Array;
  /** False for a wrong signature, a malformed one, a node id that is none, and for high-s. */
  verify(digest: HashHex, signature: Uint8Array, nodeId: NodeId): boolean;
  /** @throws InvariantError on a key that is none */
  nodeIdOf(key: PrivateKey): NodeId;
  /** False when the id is no point of the curve. */
  isValidNodeId(nodeId: string): nodeId is NodeId;
  /** False for a wrong length, zero, and numbers that are not below the order of the curve. */
  isValidPrivateKey(key: Uint8Array): boolean;
  /** A new key from the system's source of chance. */
  generateKey(): PrivateKey;
};

/** Ethereum's own algorithms, the same on every chain: they belong to its transaction formats and to the EVM. */
export type EthereumCrypto = {
  /** 32 bytes that belong to the caller. */
  keccak256(bytes: Uint8Array): Uint8Array;
  /**
   * Sender of a signed digest, or undefined when the signature recovers to nothing. `compact` is r ‖ s; high-s gives
   * undefined (EIP-2).
   */
  recoverAddress(digest: Uint8Array, compact: Uint8Array, recovery: 0 | 1): AddressHex | undefined;
  /** 64-byte public key of a signed digest as the ECRECOVER precompile finds it: high-s is accepted there. */
  recoverPublicKey(digest: Uint8Array, compact: Uint8Array, recovery: 0 | 1): Uint8Array | undefined;
  /** Signature of a 32-byte digest, low-s, RFC 6979. @throws InvariantError on a key that is none */
  signDigest(digest: Uint8Array, key: PrivateKey): { readonly signature: Uint8Array; readonly recovery: 0 | 1 };
  /** Account of a private key. @throws InvariantError on a key that is none */
  addressOfKey(key: PrivateKey): AddressHex;
  /** Account of a 64-byte public key (without 0x04). */
  addressOfPublicKey(publicKey: Uint8Array): AddressHex;
};
