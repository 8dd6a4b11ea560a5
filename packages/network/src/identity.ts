import './polyfill.ts';
import { bytesToHex, type NodeId, toNodeId } from '@hansa/primitives';
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PeerId, PrivateKey } from '@libp2p/interface';
import { peerIdFromPrivateKey, peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id';
import { secp256k1 } from '@noble/curves/secp256k1.js';

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
