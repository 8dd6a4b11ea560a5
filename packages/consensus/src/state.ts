import { assert, type HashHex, type Height, type NodeId, type ValidatorIndex, type View } from '@hansa/primitives';
import type {
  Claim,
  Proposal,
  ProposalMessage,
  StatusMessage,
  TermInfo,
  Verified,
  ViewChangeMessage,
  VoteCertificate,
} from '@hansa/protocol';
import type { PbftConfig, RuleId } from './config.ts';
import type { DurableRecord, DurableState, StoredNewView, VoteStoreState } from './durable.ts';
import type { PbftEffect, PbftReport } from './effect.ts';
import type { FutureBuffer } from './future-buffer.ts';
import type { FinalHead, PoolState } from './input.ts';
import type { QuorumInfo, VoteSet } from './quorum.ts';
import type { SilenceReason } from './status.ts';

/** A proposal that is held, whoever sent it. */
export type ProposalEntry = {
  readonly proposal: Proposal;
  readonly digest: HashHex;
  /** The signed PROPOSAL of the current view, to pass on. */
  message: Verified<ProposalMessage> | undefined;
  /** Last answer of the driver; `asked` while there is none. `invalid`: why, in words for people. */
  verdict: 'asked' | 'waiting' | 'valid' | { readonly invalid: string } | undefined;
  /** A certificate vouches for it: only availability matters. */
  vouched: boolean;
  persisted: boolean;
  /** I have voted on it or made it, so it is kept until its height is final. */
  prepared: boolean;
  refused: boolean;
  /** Wall clock at the first reception; undefined before the first tick. */
  readonly receivedMs: number | undefined;
};

export type PeerState = {
  /** Highest view in which it was heard ("stands at"). */
  view: View;
  suspect: { readonly view: View; readonly decidedHeight: Height } | undefined;
  viewChange: Verified<ViewChangeMessage> | undefined;
  status: Verified<StatusMessage> | undefined;
  heardTick: number | undefined;
  answeredTick: number | undefined;
};

/**
 * Everything that a replica knows of its term, in memory.
 *
 * Bounded: proposals by `bodyLimit`, votes by validators × window × (views that count: two), peers by validators, the
 * future buffer by its own limits, own votes by window. Nothing here grows with what one sender sends.
 */
export type TermState = {
  readonly info: QuorumInfo;
  readonly self: ValidatorIndex | undefined;
  view: View;
  changing: boolean;
  previousView: View | undefined;
  newView: StoredNewView | undefined;
  /** Highest claim of the accepted NEW-VIEW; undefined: the base of the term. */
  tip: Claim | undefined;

  /** Own votes of the current view; COMMITs of the previous one beside them. */
  readonly ownProposals: Map<Height, HashHex>;
  readonly ownPrepares: Map<Height, HashHex>;
  readonly ownCommits: Map<Height, HashHex>;
  readonly previousCommits: Map<Height, HashHex>;
  readonly ownResults: Map<Height, HashHex>;

  highestPrepared: VoteCertificate | undefined;
  highestCommitted: VoteCertificate | undefined;
  /** A COMMIT certificate that waits for bodies; the highest by height. */
  pendingCommit: VoteCertificate | undefined;

  /** The primary's PROPOSAL of the current view, by height. */
  readonly candidates: Map<Height, HashHex>;
  readonly prepares: Map<Height, VoteSet>;
  readonly commits: Map<Height, VoteSet>;
  readonly commitsOfPrevious: Map<Height, VoteSet>;
  readonly results: Map<Height, VoteSet>;
  /** Prepared certificates of the current view. */
  readonly certificates: Map<Height, VoteCertificate>;

  readonly proposals: Map<HashHex, ProposalEntry>;
  readonly decided: Map<Height, HashHex>;
  decidedHeight: Height;
  executeSent: Height;
  readonly executed: Map<Height, HashHex>;
  commitSent: Height;

  readonly peers: readonly PeerState[];
  readonly buffer: FutureBuffer;
  readonly evidence: Set<string>;
  /** Ticks of the last fetch by digest. */
  readonly fetches: Map<HashHex, { tick: number; readonly height: Height }>;

  proposalAsked: { readonly view: View; readonly height: Height; readonly parentDigest: HashHex } | undefined;
  /** The driver had nothing to propose; wait for news. */
  proposalIdle: boolean;

  viewChanges: number;
  timerTicks: number;
  timerRuns: boolean;
  transactionsResent: boolean;
  /** My SUSPECT of the current view, resent until the view or the decided height moves. */
  ownSuspect:
    | { readonly view: View; readonly decidedHeight: Height; readonly reason: 'timer' | 'overtaken' }
    | undefined;
  /** A quorum of this term's set has acknowledged this incarnation (spec PBFT-T3). */
  acknowledged: boolean;
  /** The view of this term in which I complained of censorship (spec PBFT-V2: once per view). */
  accusedView: View | undefined;
};

export type Divergence = {
  /** Highest height whose result turned out wrong here; 0 when none did. */
  readonly height: Height;
  /** My RESULTs up to here, signed before the divergence was seen, may be wrong: they bind, and say nothing. */
  readonly disownedTo: Height;
  /** How often this process has come back from one. */
  readonly healedCount: number;
};

export type ReplicaState = {
  readonly config: PbftConfig;
  head: FinalHead;
  termState: TermState;
  voteStore: VoteStoreState;
  /** Vote store of a newer term than the ledger's: waits until sync has brought the ledger there. */
  pendingDurable: DurableState | undefined;
  /** Nothing at or below is voted on (S7), even when the ledger has lost it. */
  voteFloor: Height;
  /** Once set, for the life of the process, but for what healing takes back (spec PBFT-N7). */
  stopped: Extract<SilenceReason, 'diverged' | 'nondeterminism' | 'second copy' | 'safety violation'> | undefined;
  /** Of the last time that my result was not the quorum's: see `healing.ts`. */
  divergence: Divergence;
  now: number;
  lastTick: number | undefined;
  clockMs: number | undefined;
  pool: PoolState;
  readonly acknowledged: Set<NodeId>;
  readonly finalHeights: Map<NodeId, Height>;
  resendInterval: number;
  resendIn: number;
  stableAtResend: Height;
  readonly hinted: Map<NodeId, number>;
  behindTick: number | undefined;
};

/** One call of `step`: the state that it changes and the effects that it collects. */
export type Step = { readonly state: ReplicaState; readonly effects: PbftEffect[]; changed: boolean };

export const stableOf = (state: ReplicaState): Height => state.head.height;
export const termOf = (state: ReplicaState): TermInfo => state.head.term;
/** Highest height that may be voted on now (spec PBFT-N2): within the window and the term. */
export const highestVotable = (state: ReplicaState): Height =>
  Math.min(state.head.height + termOf(state).parameters.window, termOf(state).endHeight) as Height;

/** @throws InvariantError for an index that is none of the term: `rejectReason` lets no such sender in */
export function nodeIdOf(state: ReplicaState, index: ValidatorIndex): NodeId {
  const validator = termOf(state).validators[index];
  assert(validator !== undefined, `the index of a validator of the term was expected, got ${index}`);
  return validator.nodeId;
}

/** @throws InvariantError like `nodeIdOf` */
export function peerOf({ termState }: ReplicaState, index: ValidatorIndex): PeerState {
  const peer = termState.peers[index];
  assert(peer !== undefined, `the index of a validator of the term was expected, got ${index}`);
  return peer;
}

/** Greater than zero when a is the higher claim: by view, then by height. Never by height alone. */
export function compareClaims(a: Claim, b: Claim): number {
  return a.view !== b.view ? a.view - b.view : a.height - b.height;
}

export function persist(step: Step, record: DurableRecord): void {
  // A store that is ahead of the ledger must not be overwritten by records of an older term; nothing is sent then.
  if (step.state.pendingDurable !== undefined) return;
  step.effects.push({ type: 'persist', record });
}

export function report(step: Step, content: PbftReport): void {
  step.effects.push({ type: 'report', report: content });
}

export function cover(step: Step, rule: RuleId): void {
  step.state.config.onRule?.(rule);
}

/** Something moved: the slow tick returns to its shortest interval. */
export function markChanged(step: Step): void {
  step.changed = true;
}

/** Stops voting for good: the driver must look at it, and start a new process. */
export function stopVoting(step: Step, reason: NonNullable<ReplicaState['stopped']>, content: PbftReport): void {
  if (step.state.stopped !== undefined) return;
  step.state.stopped = reason;
  report(step, content);
  markChanged(step);
}

/** Whole ticks that cover `ms`. */
export function ticksOf(state: ReplicaState, ms: number): number {
  const tickMs = state.config.tickMs;
  return (ms - (ms % tickMs)) / tickMs + (ms % tickMs === 0 ? 0 : 1);
}
