import type { Height } from '@hansa/primitives';
import type { Proposal, VoteCertificate } from '@hansa/protocol';
import { DEFAULT_PBFT_SETTINGS } from '../src/index.ts';
import type { ReplicaState, Step } from '../src/state.ts';
import { createTermState } from '../src/term.ts';
import { Cluster, digestOf, nodeIdOf, sha } from './cluster.ts';

/** Validator `index` of four at the beginning of a term, allowed to vote; what it sends and writes is in the effects. */
export function setUp(index = 0): Step & { readonly state: ReplicaState } {
  const head = new Cluster({ period: 12 }).genesisHead();
  const config = {
    ...DEFAULT_PBFT_SETTINGS,
    nodeId: nodeIdOf(index),
    incarnation: 1,
    instance: sha('i').slice(0, 32),
  };
  const state: ReplicaState = {
    config,
    head: { ...head, term: { ...head.term, endHeight: 12 as Height } },
    termState: createTermState(config, head.term, head.height),
    voteStore: { type: 'intact' },
    pendingDurable: undefined,
    voteFloor: head.height,
    stopped: undefined,
    divergence: { height: 0 as Height, disownedTo: 0 as Height, healedCount: 0 },
    now: 0,
    lastTick: undefined,
    clockMs: 1,
    pool: { hasExecutable: false, hasWaiting: false, overtakenIn: undefined },
    acknowledged: new Set([0, 1, 2, 3].map(nodeIdOf)),
    finalHeights: new Map(),
    resendInterval: 1,
    resendIn: 1,
    stableAtResend: head.height,
    hinted: new Map(),
    behindTick: undefined,
  };
  return { state, effects: [], changed: false };
}

export function proposalOf({ state }: Step, change: Partial<Proposal> = {}): [Proposal, Proposal['parentDigest']] {
  const { term, proposalDigest, timestamp } = state.head;
  const proposal: Proposal = {
    chainId: 1,
    groupId: 'group0',
    term: term.term,
    height: 1 as Height,
    view: state.termState.view,
    parentDigest: proposalDigest,
    timestamp: timestamp + 1,
    proposer: term.primaryOrder[0] as Proposal['proposer'],
    transactionHashes: [],
    ...change,
  };
  return [proposal, digestOf(proposal)];
}

export function certificateOf(step: Step, change: Partial<VoteCertificate> = {}): VoteCertificate {
  const [{ term, height, view }, digest] = proposalOf(step);
  return { term, view, height, digest, signatures: [], ...change };
}

export const kinds = ({ effects }: Step): string[] => effects.map((effect) => effect.type);
