/** Valid messages and statements of consensus from chance. */
import { standardSuite } from '@hansa/crypto';
import {
  type Claim,
  type IncarnationMessage,
  type PbftMessage,
  proposalDigest,
  type SignedClaim,
  type VoteCertificate,
} from '@hansa/protocol';
import type { Prng } from '../simulator/prng.ts';
import {
  ascending,
  hash,
  height,
  index,
  maybe,
  NODE_IDS,
  natural,
  proposal,
  signature,
  signatures,
  term,
  view,
} from './values.ts';

const claim = (prng: Prng): Claim => ({ view: view(prng), height: height(prng), digest: hash(prng) });

export const voteCertificate = (prng: Prng): VoteCertificate => ({
  term: term(prng),
  ...claim(prng),
  signatures: signatures(prng),
});

export const claims = (prng: Prng): SignedClaim[] =>
  ascending(prng, prng.below(5)).map((sender) => ({
    term: term(prng),
    sender: sender as SignedClaim['sender'],
    signature: signature(prng),
    view: view(prng),
    claim: maybe(prng, claim),
  }));

const KINDS: readonly PbftMessage['type'][] = [
  'proposal',
  'prepare',
  'commit',
  'result',
  'suspect',
  'view-change',
  'new-view',
  'status',
  'prepared-certificate',
  'commit-certificate',
];

export function pbftMessage(prng: Prng, type: PbftMessage['type'] = prng.pick(KINDS)): PbftMessage {
  const signed = { term: term(prng), sender: index(prng), signature: signature(prng) };
  switch (type) {
    case 'proposal': {
      const content = proposal(prng);
      return { type, ...signed, view: view(prng), proposal: content, digest: proposalDigest(standardSuite, content) };
    }
    case 'prepare':
    case 'commit':
      return { type, ...signed, ...claim(prng) };
    case 'result':
      return { type, ...signed, height: height(prng), blockHash: hash(prng) };
    case 'suspect':
      return { type, ...signed, view: view(prng), decidedHeight: height(prng) };
    case 'view-change':
      return {
        type,
        ...signed,
        view: view(prng),
        claim: maybe(prng, claim),
        certificate: maybe(prng, voteCertificate),
      };
    case 'new-view':
      return { type, ...signed, view: view(prng), claims: claims(prng), certificate: maybe(prng, voteCertificate) };
    case 'status':
      return {
        type,
        ...signed,
        view: view(prng),
        changing: prng.chance(0.5),
        stableHeight: height(prng),
        decidedHeight: height(prng),
        preparedHeight: height(prng),
        incarnation: natural(prng),
        instance: prng.hex(16),
      };
    case 'prepared-certificate':
    case 'commit-certificate':
      return { type, certificate: voteCertificate(prng) };
  }
}

export const incarnation = (prng: Prng): IncarnationMessage => ({
  type: 'incarnation',
  nodeId: prng.pick(NODE_IDS),
  incarnation: natural(prng),
  instance: prng.hex(16),
  signature: signature(prng),
});
