import type { Height, View } from '@hansa/primitives';
import { assertNever } from '@hansa/primitives';
import type {
  Claim,
  CommitMessage,
  NewViewMessage,
  PbftMessage,
  PrepareMessage,
  ProposalMessage,
  ResultMessage,
  StatusMessage,
  SuspectMessage,
  ViewChangeMessage,
  VoteCertificate,
} from '@hansa/protocol';
import { evidenceKey } from './evidence.ts';
import { type BufferableMessage, heightOf } from './future-buffer.ts';
import { primaryOf } from './primary.ts';
import { signersWeight } from './quorum.ts';
import { compareClaims, type ReplicaState, stableOf, termOf } from './state.ts';

/** Why a message is not looked at. Closed list; the driver maps it to a metric label and a peer score. */
export const REJECT_CODES = [
  /** Of another term: dropped, answered with STATUS. Not a fault of the peer. */
  'PBFT_OTHER_TERM',
  /** The sender's index is not one of the term's validators. */
  'PBFT_UNKNOWN_SENDER',
  /** At or below the final height, or decided here already. Not a fault. */
  'PBFT_STALE_HEIGHT',
  /** A certificate above the window: the final blocks below it come first, by sync. Not a fault. */
  'PBFT_BEYOND_WINDOW',
  /** Of a view that was left. Not a fault. */
  'PBFT_STALE_VIEW',
  /** Counted already. Not a fault. */
  'PBFT_DUPLICATE',
  /** Of a later view or height, as many others of this sender in the last second. Resending brings it again. */
  'PBFT_TOO_MANY_AHEAD',
  /** A PROPOSAL or NEW-VIEW from someone who does not lead that view. */
  'PBFT_NOT_PRIMARY',
  /** It contradicts itself or the term: no honest validator sends it. */
  'PBFT_MALFORMED',
] as const;
export type RejectCode = (typeof REJECT_CODES)[number];

/**
 * Why `message` need not be verified or handled, or undefined when it counts. Cheap and pure; the driver asks before it
 * pays for signatures, and `step` asks again: the same rule at both doors. The first conflicting vote of a kind is evidence.
 */
export function rejectReason(state: ReplicaState, message: PbftMessage): RejectCode | undefined {
  const term =
    message.type === 'prepared-certificate' || message.type === 'commit-certificate'
      ? message.certificate.term
      : message.term;
  if (term !== termOf(state).term) return 'PBFT_OTHER_TERM';
  switch (message.type) {
    case 'prepared-certificate':
      return rejectPreparedCertificate(state, message.certificate);
    case 'commit-certificate':
      return rejectCommitCertificate(state, message.certificate);
    default:
      break;
  }
  if (state.termState.info.weights[message.sender] === undefined) return 'PBFT_UNKNOWN_SENDER';
  switch (message.type) {
    case 'proposal':
      return rejectProposal(state, message) ?? rejectFuture(state, message);
    case 'prepare':
    case 'commit':
      return rejectVote(state, message) ?? rejectFuture(state, message);
    case 'result':
      return rejectResult(state, message) ?? rejectFuture(state, message);
    case 'suspect':
      return rejectSuspect(state, message);
    case 'view-change':
      return rejectViewChange(state, message);
    case 'new-view':
      return rejectNewView(state, message);
    case 'status':
      return rejectStatus(message);
    default:
      return assertNever(message);
  }
}

export function isBufferable<T extends PbftMessage>(message: T): message is T & BufferableMessage {
  const { type } = message;
  return type === 'proposal' || type === 'prepare' || type === 'commit' || type === 'result';
}

/** Of a view that is not open here, or above the window: kept for later, never acted on (spec PBFT-R4). */
export function isFuture(state: ReplicaState, message: BufferableMessage): boolean {
  const { termState } = state;
  if (heightOf(message) > stableOf(state) + termOf(state).parameters.window) return true;
  if (message.type === 'result') return false;
  if (message.type === 'commit' && message.view === termState.previousView) return false;
  return message.view > termState.view || (message.view === termState.view && termState.changing);
}

// spec PBFT-R4: what waits for later costs no more signatures than an honest sender has reason to make.
function rejectFuture(state: ReplicaState, message: BufferableMessage): RejectCode | undefined {
  if (!isFuture(state, message)) return undefined;
  const { buffer } = state.termState;
  if (buffer.holds(message)) return 'PBFT_DUPLICATE';
  return buffer.isSpent(message, state.now) ? 'PBFT_TOO_MANY_AHEAD' : undefined;
}

function rejectHeight(state: ReplicaState, height: Height): RejectCode | undefined {
  if (height <= stableOf(state)) return 'PBFT_STALE_HEIGHT';
  // The end of a term only moves down, so what is above mine is above the true one.
  return height > termOf(state).endHeight ? 'PBFT_MALFORMED' : undefined;
}

function rejectProposal(state: ReplicaState, message: ProposalMessage): RejectCode | undefined {
  const { proposal, view } = message;
  const wrong = rejectHeight(state, proposal.height);
  if (wrong !== undefined) return wrong;
  if (view < state.termState.view) return 'PBFT_STALE_VIEW';
  if (message.sender !== primaryOf(termOf(state), view)) return 'PBFT_NOT_PRIMARY';
  if (proposal.term !== message.term || proposal.view !== view || proposal.proposer !== message.sender) {
    return 'PBFT_MALFORMED';
  }
  const held = state.termState.proposals.get(message.digest)?.message;
  return held !== undefined && held.view === view ? 'PBFT_DUPLICATE' : undefined;
}

function rejectVote(state: ReplicaState, message: PrepareMessage | CommitMessage): RejectCode | undefined {
  const wrong = rejectHeight(state, message.height);
  if (wrong !== undefined) return wrong;
  const { view, previousView, prepares, commits, commitsOfPrevious } = state.termState;
  const ofPrevious = message.type === 'commit' && message.view === previousView;
  if (message.view < view && !ofPrevious) return 'PBFT_STALE_VIEW';
  if (message.view > view) return undefined;
  const votes = message.type === 'prepare' ? prepares : ofPrevious ? commitsOfPrevious : commits;
  const first = votes.get(message.height)?.voteOf(message.sender);
  if (first !== undefined && isProven(state, message)) return 'PBFT_DUPLICATE';
  return first?.digest === message.digest ? 'PBFT_DUPLICATE' : undefined;
}

/** A validator that has conflicted once in a term can prove no more with it: its next signatures need not be checked. */
function isProven(state: ReplicaState, { type, sender }: PrepareMessage | CommitMessage | ResultMessage): boolean {
  return state.termState.evidence.has(evidenceKey(type, sender));
}

function rejectResult(state: ReplicaState, message: ResultMessage): RejectCode | undefined {
  const wrong = rejectHeight(state, message.height);
  if (wrong !== undefined) return wrong;
  const first = state.termState.results.get(message.height)?.voteOf(message.sender);
  if (first !== undefined && isProven(state, message)) return 'PBFT_DUPLICATE';
  return first?.digest === message.blockHash ? 'PBFT_DUPLICATE' : undefined;
}

function rejectSuspect(state: ReplicaState, message: SuspectMessage): RejectCode | undefined {
  if (message.view < state.termState.view) return 'PBFT_STALE_VIEW';
  const held = state.termState.peers[message.sender]?.suspect;
  if (held === undefined || held.view < message.view) return undefined;
  return held.view > message.view || held.decidedHeight >= message.decidedHeight ? 'PBFT_DUPLICATE' : undefined;
}

function isLeft(state: ReplicaState, view: View): boolean {
  return view < state.termState.view || (view === state.termState.view && !state.termState.changing);
}

/** Claims and their certificate: of this term, of a view below, of a height that the term has. */
function isWrongClaim(state: ReplicaState, claim: Claim | undefined, view: View): boolean {
  if (claim === undefined) return false;
  const { baseHeight, endHeight } = termOf(state);
  return claim.view >= view || claim.height <= baseHeight || claim.height > endHeight;
}

function isWrongCertificate(
  state: ReplicaState,
  certificate: VoteCertificate | undefined,
  claim: Claim | undefined,
): boolean {
  if (certificate === undefined || claim === undefined) return certificate !== claim;
  if (compareClaims(certificate, claim) !== 0 || certificate.digest !== claim.digest) return true;
  return !isQuorum(state, certificate);
}

function isQuorum(state: ReplicaState, certificate: VoteCertificate): boolean {
  const { info } = state.termState;
  return certificate.term === termOf(state).term && (signersWeight(info, certificate.signatures) ?? 0) >= info.quorum;
}

function rejectViewChange(state: ReplicaState, message: ViewChangeMessage): RejectCode | undefined {
  if (message.view < state.termState.view) return 'PBFT_STALE_VIEW';
  const held = state.termState.peers[message.sender]?.viewChange;
  if (held !== undefined && held.view > message.view) return 'PBFT_STALE_VIEW';
  if (held !== undefined && held.view === message.view && isSameClaim(held.claim, message.claim))
    return 'PBFT_DUPLICATE';
  if (message.view === 0 || isWrongClaim(state, message.claim, message.view)) return 'PBFT_MALFORMED';
  return isWrongCertificate(state, message.certificate, message.claim) ? 'PBFT_MALFORMED' : undefined;
}

/** Same (view, height, digest), or both none. */
export function isSameClaim(a: Claim | undefined, b: Claim | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return compareClaims(a, b) === 0 && a.digest === b.digest;
}

/** The highest claim by (view, height): the tip of the new view; undefined when there is none (spec PBFT-V6). */
export function selectTip(claims: readonly { readonly claim: Claim | undefined }[]): Claim | undefined {
  let tip: Claim | undefined;
  for (const { claim } of claims) {
    if (claim !== undefined && (tip === undefined || compareClaims(claim, tip) > 0)) tip = claim;
  }
  return tip;
}

// spec PBFT-V7: everything about a NEW-VIEW is recomputed, nothing is believed.
function rejectNewView(state: ReplicaState, message: NewViewMessage): RejectCode | undefined {
  if (isLeft(state, message.view)) return 'PBFT_STALE_VIEW';
  if (message.sender !== primaryOf(termOf(state), message.view)) return 'PBFT_NOT_PRIMARY';
  const { info } = state.termState;
  const weight = signersWeight(
    info,
    message.claims.map((claim) => ({ index: claim.sender })),
  );
  if (message.view === 0 || weight === undefined || weight < info.quorum) return 'PBFT_MALFORMED';
  for (const claim of message.claims) {
    if (claim.view !== message.view || claim.term !== message.term) return 'PBFT_MALFORMED';
    if (isWrongClaim(state, claim.claim, message.view)) return 'PBFT_MALFORMED';
  }
  const tip = selectTip(message.claims);
  // Two claims of one (view, height) with different digests: both cannot be certified; the one that is not certified lies.
  const certified = message.claims.some((claim) => isSameClaim(claim.claim, message.certificate));
  if (tip !== undefined && (message.certificate === undefined || !certified)) return 'PBFT_MALFORMED';
  const highest =
    tip === undefined || message.certificate === undefined ? tip : { ...tip, digest: message.certificate.digest };
  return isWrongCertificate(state, message.certificate, highest) ? 'PBFT_MALFORMED' : undefined;
}

function rejectStatus(message: StatusMessage): RejectCode | undefined {
  const { stableHeight, decidedHeight, preparedHeight } = message;
  return decidedHeight < stableHeight || preparedHeight < stableHeight ? 'PBFT_MALFORMED' : undefined;
}

function rejectPreparedCertificate(state: ReplicaState, certificate: VoteCertificate): RejectCode | undefined {
  const wrong = rejectHeight(state, certificate.height);
  if (wrong !== undefined) return wrong;
  if (certificate.height > stableOf(state) + termOf(state).parameters.window) return 'PBFT_BEYOND_WINDOW';
  // A certificate of a higher view is of no use before its NEW-VIEW, which comes by R2 first.
  if (certificate.view !== state.termState.view || state.termState.changing) return 'PBFT_STALE_VIEW';
  if (state.termState.certificates.has(certificate.height)) return 'PBFT_DUPLICATE';
  return isQuorum(state, certificate) ? undefined : 'PBFT_MALFORMED';
}

function rejectCommitCertificate(state: ReplicaState, certificate: VoteCertificate): RejectCode | undefined {
  const wrong = rejectHeight(state, certificate.height);
  if (wrong !== undefined) return wrong;
  const { decidedHeight, pendingCommit } = state.termState;
  if (certificate.height <= decidedHeight) return 'PBFT_STALE_HEIGHT';
  if (pendingCommit !== undefined && pendingCommit.height >= certificate.height) return 'PBFT_DUPLICATE';
  return isQuorum(state, certificate) ? undefined : 'PBFT_MALFORMED';
}
