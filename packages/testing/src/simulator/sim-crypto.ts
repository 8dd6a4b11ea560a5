/**
 * Cheap stand-ins for digests and signatures: as unique as the real ones within a run, and forgeable only by code that
 * holds the secret, which the simulator gives to nobody but the key's owner.
 */
import type { UnsignedPbftMessage } from '@hansa/consensus';
import type { ConsensusDigests } from '@hansa/node';
import type { HashHex, NodeId } from '@hansa/primitives';
import type { Claim, IncarnationMessage, Proposal } from '@hansa/protocol';

/** 256 bits from a text, 64 of them mixed. */
export function simHash(text: string): HashHex {
  const [high, low] = mix(text, 0x9e37_79b9);
  let out = '';
  for (let i = 0; i < 4; i++) {
    out += hex8(Math.imul(high ^ (i * 0x85eb_ca6b), 0xc2b2_ae35) ^ low) + hex8(Math.imul(low + i, 0x27d4_eb2f) ^ high);
  }
  return out as HashHex;
}

/** Node ids in ascending order of index, as sets are ordered. */
export function simNodeId(index: number): NodeId {
  return (index.toString(16).padStart(4, '0') + simHash(`node ${index}`) + simHash(`id ${index}`)).slice(
    0,
    128,
  ) as NodeId;
}

export function simSign(digest: HashHex, nodeId: NodeId): Uint8Array {
  const signature = new Uint8Array(64);
  const [high, low] = signatureOf(digest, nodeId);
  writeU32(signature, 0, high);
  writeU32(signature, 4, low);
  return signature;
}

export function simVerify(digest: HashHex, signature: Uint8Array, nodeId: NodeId): boolean {
  const [high, low] = signatureOf(digest, nodeId);
  return readU32(signature, 0) === high && readU32(signature, 4) === low;
}

/** The text itself stands for the digest of what is signed: nothing collides. */
export function createSimDigests(): ConsensusDigests {
  const digests: WeakMap<Proposal, HashHex> = new WeakMap();
  return {
    signingDigest: (message) => signingText(message) as HashHex,
    incarnationDigest: (s: Omit<IncarnationMessage, 'signature'>) =>
      `incarnation/${s.nodeId.slice(0, 8)}/${s.incarnation}/${s.instance}` as HashHex,
    proposalDigest(proposal) {
      let digest = digests.get(proposal);
      if (digest === undefined) {
        const { term, height, view, parentDigest, timestamp, proposer, transactionHashes } = proposal;
        const place = `${proposal.chainId}/${proposal.groupId}/${term}/${height}/${view}/${parentDigest}`;
        digest = simHash(`${place}/${timestamp}/${proposer}/${transactionHashes.join()}`);
        digests.set(proposal, digest);
      }
      return digest;
    },
  };
}

function signingText(message: UnsignedPbftMessage): string {
  const place = `${message.type}/${message.term}`;
  switch (message.type) {
    case 'proposal':
      return `${place}/${message.view}/${message.digest}`;
    case 'prepare':
    case 'commit':
      return `${place}/${message.view}/${message.height}/${message.digest}`;
    case 'result':
      return `${place}/${message.height}/${message.blockHash}`;
    case 'suspect':
      return `${place}/${message.view}/${message.decidedHeight}`;
    case 'view-change':
      return `${place}/${message.view}/${claimText(message.claim)}`;
    case 'new-view':
      return `${place}/${message.view}/${message.claims.map((c) => `${c.sender}:${claimText(c.claim)}`).join()}`;
    case 'status': {
      const { view, changing, stableHeight, decidedHeight, preparedHeight, incarnation, instance } = message;
      return `${place}/${view}/${changing}/${stableHeight}/${decidedHeight}/${preparedHeight}/${incarnation}/${instance}`;
    }
  }
}

function claimText(claim: Claim | undefined): string {
  return claim === undefined ? 'none' : `${claim.view}.${claim.height}.${claim.digest}`;
}

function signatureOf(digest: HashHex, nodeId: NodeId): [number, number] {
  return mix(digest, Number.parseInt(nodeId.slice(0, 8), 16) ^ 0x5bd1_e995);
}

function mix(text: string, seed: number): [number, number] {
  let high = seed ^ 0xdead_beef;
  let low = seed ^ 0x41c6_ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 0x9e37_79b1);
    low = Math.imul(low ^ code, 0x5f35_6495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85eb_ca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2_ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85eb_ca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2_ae35);
  return [high >>> 0, low >>> 0];
}

const hex8 = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = (value >>> (24 - 8 * i)) & 0xff;
}

function readU32(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
