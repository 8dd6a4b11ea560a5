import './polyfill.ts';
import { asciiBytes, bytesToHex, equalBytes, type NodeId, toNodeId } from '@hansa/primitives';
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PeerId, PrivateKey, Secp256k1PrivateKey } from '@libp2p/interface';
import { peerIdFromPrivateKey, peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id';
import { secp256k1 } from '@noble/curves/secp256k1.js';

/** Whoever proves the identity of a node with a key that is elsewhere. */
export type IdentitySigner = {
  readonly nodeId: NodeId;
  /**
   * 64 bytes r ‖ s, low-s, over SHA-256 of `noise-libp2p-static-key:` ‖ `staticKey` (32 bytes): the proof that noise carries.
   * Rejects when it cannot be made now; the connection fails then.
   */
  signStaticKey(staticKey: Uint8Array): Promise<Uint8Array>;
};

const STATIC_KEY_PREFIX: Uint8Array = asciiBytes('noise-libp2p-static-key:');

/** libp2p's form of an identity whose key is elsewhere. Each static key is proven once: a process has one or two. */
export function libp2pKeyOfSigner(signer: IdentitySigner): ReturnType<typeof libp2pKeyOf> {
  const peerId = peerOfNodeId(signer.nodeId);
  if (peerId?.type !== 'secp256k1') throw new TypeError('a node id is a point of secp256k1');
  const { publicKey } = peerId;
  const proofs = new Map<string, Promise<Uint8Array>>();
  const key: Secp256k1PrivateKey = {
    type: 'secp256k1',
    publicKey,
    get raw(): Uint8Array {
      throw new TypeError('the key of this node is with its signer');
    },
    equals: (other) => other === key,
    async sign(data) {
      const message = data.subarray();
      const staticKey = message.slice(STATIC_KEY_PREFIX.length);
      if (staticKey.length !== 32 || !equalBytes(message.subarray(0, STATIC_KEY_PREFIX.length), STATIC_KEY_PREFIX))
        throw new TypeError('an identity signs static keys of noise only');
      const name = bytesToHex(staticKey);
      let proof = proofs.get(name);
      if (proof === undefined) {
        proof = signer
          .signStaticKey(staticKey)
          .then((compact) => secp256k1.Signature.fromBytes(compact).toBytes('der'));
        proofs.set(name, proof);
        proof.catch(() => proofs.delete(name));
      }
      return proof;
    },
  };
  return { key, peerId, nodeId: signer.nodeId };
}

/** libp2p's form of a node key. @throws when `raw` is no secp256k1 key of 32 bytes: own configuration, not peer data */
export function libp2pKeyOf(raw: Uint8Array): { key: PrivateKey; peerId: PeerId; nodeId: NodeId } {
  const key = privateKeyFromRaw(raw.slice());
  const peerId = peerIdFromPrivateKey(key);
  const nodeId = nodeIdOfPeer(peerId);
  if (nodeId === undefined) throw new TypeError('a node key is a secp256k1 key of 32 bytes');
  return { key, peerId, nodeId };
}

/** Peer id of an identity key (NET-1), undefined when the node id is no point of the curve. */
export function peerOfNodeId(nodeId: NodeId): PeerId | undefined {
  try {
    const point = secp256k1.Point.fromHex(`04${nodeId}`);
    return peerIdFromPublicKey(publicKeyFromRaw(point.toBytes(true)));
  } catch {
    return undefined;
  }
}

/** NET-1: only secp256k1 peer ids are nodes; libp2p itself would accept Ed25519 and RSA too. */
export function nodeIdOfPeer(peerId: PeerId): NodeId | undefined {
  if (peerId.type !== 'secp256k1' || peerId.publicKey === undefined) return undefined;
  return toNodeId(bytesToHex(secp256k1.Point.fromBytes(peerId.publicKey.raw).toBytes(false).subarray(1)));
}

/** libp2p's text form of a node id (`16Uiu2HA…`), undefined when the id is no point of the curve. */
export function peerIdOfNodeId(nodeId: NodeId): string | undefined {
  return peerOfNodeId(nodeId)?.toString();
}

/** Node id of libp2p's text form, undefined when it is none or of another kind of key. */
export function nodeIdOfPeerId(peerId: string): NodeId | undefined {
  try {
    return nodeIdOfPeer(peerIdFromString(peerId));
  } catch {
    return undefined;
  }
}
