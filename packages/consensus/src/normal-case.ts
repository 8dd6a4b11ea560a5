import { assert, type Height } from '@hansa/primitives';
import type { CommitMessage, PrepareMessage, ProposalMessage, Verified, VoteCertificate } from '@hansa/protocol';
import { askValidation, chainTo, fetchProposal, holdProposal, persistBody, signersOf, vouchFor } from './bodies.ts';
import { reportEvidence, stopForSecondCopy } from './evidence.ts';
import type { PbftInput } from './input.ts';
import { primaryOf } from './primary.ts';
import { VoteSet } from './quorum.ts';
import { ascending, castCommit, castPrepare, castProposal } from './safety.ts';
import {
  compareClaims,
  cover,
  highestVotable,
  markChanged,
  type ProposalEntry,
  persist,
  type ReplicaState,
  report,
  type Step,
  stableOf,
  stopVoting,
  termOf,
} from './state.ts';
import { mayVote } from './voting-right.ts';

/** A PROPOSAL of the current view from its primary; rejectReason has compared its fields. */
export function onProposal(step: Step, message: Verified<ProposalMessage>): void {
  const { state } = step;
  const { termState } = state;
  const { height } = message.proposal;
  const first = termState.candidates.get(height);
  if (message.sender === termState.self && termState.ownProposals.get(height) !== message.digest) {
    stopForSecondCopy(step, `a proposal of height ${height} in view ${message.view} that this process did not make`);
    return;
  }
  if (first !== undefined && first !== message.digest) {
    const known = termState.proposals.get(first)?.message;
    if (known !== undefined) reportEvidence(step, 'proposal', message.sender, { first: known, second: message });
    return;
  }
  const entry = holdProposal(step, message.proposal, message.digest);
  entry.message = message;
  termState.candidates.set(height, message.digest);
  markChanged(step);
}

/** PREPARE or COMMIT of the current view, or COMMIT of the one before. */
export function onVote(step: Step, message: Verified<PrepareMessage | CommitMessage>): void {
  const { state } = step;
  const { termState } = state;
  const { height, sender, digest, view } = message;
  const isCurrent = view === termState.view && !termState.changing;
  assert(message.type === 'commit' || isCurrent, 'a PREPARE of the view that is open was expected');
  if (sender === termState.self && ownVote(state, message) !== digest) {
    stopForSecondCopy(step, `a ${message.type} of height ${height} in view ${view} that this process did not send`);
    return;
  }
  const votes =
    message.type === 'prepare' ? termState.prepares : isCurrent ? termState.commits : termState.commitsOfPrevious;
  const set = votes.get(height) ?? new VoteSet(termState.info);
  votes.set(height, set);
  if (set.add(sender, digest, message.signature) !== 'conflict') return;
  const known = set.voteOf(sender);
  assert(known !== undefined, 'a conflict was expected with a vote that is held');
  reportEvidence(step, message.type, sender, { first: { ...message, ...known }, second: message });
}

function ownVote(state: ReplicaState, message: PrepareMessage | CommitMessage): string | undefined {
  const { termState } = state;
  if (message.type === 'prepare') return termState.ownPrepares.get(message.height);
  const own = message.view === termState.view ? termState.ownCommits : termState.previousCommits;
  return own.get(message.height);
}

/** A prepared certificate that was passed on counts like its PREPAREs. */
export function onPreparedCertificate(step: Step, certificate: VoteCertificate): void {
  step.state.termState.certificates.set(certificate.height, certificate);
  markChanged(step);
}

// spec PBFT-N2: proposals are checked in parallel, and voted on in order.
export function tryPrepare(step: Step): void {
  const { state } = step;
  const { termState } = state;
  if (termState.changing) return;
  const tipHeight = termState.tip?.height ?? 0;
  // spec PBFT-V8: nothing before the vote on the tip.
  if (tipHeight > stableOf(state) && !termState.ownPrepares.has(tipHeight as Height)) return;
  const first = Math.max(stableOf(state), tipHeight) + 1;
  let inOrder = mayVote(state);
  for (let h = first; h <= highestVotable(state); h++) {
    const height = h as Height;
    if (termState.ownPrepares.has(height)) continue;
    const entry = candidateAt(step, height);
    if (entry === undefined) return;
    const parent = parentOf(state, entry);
    const refusal = refusalOf(state, entry, parent);
    if (refusal !== undefined) {
      refuse(step, entry, refusal);
      return;
    }
    askValidation(step, entry, [entry.proposal.proposer]);
    if (entry.verdict !== 'valid' || isEarly(state, entry)) inOrder = false;
    if (!inOrder) continue;
    cover(step, 'N2');
    persistBody(step, entry);
    castPrepare(step, entry.proposal, entry.digest);
  }
}

/** What may be prepared at a height: what a certificate of this view names, else what its primary has proposed. */
function candidateAt(step: Step, height: Height): ProposalEntry | undefined {
  const { termState } = step.state;
  const certificate = termState.certificates.get(height);
  const digest = certificate?.digest ?? termState.candidates.get(height);
  const entry = digest === undefined ? undefined : termState.proposals.get(digest);
  if (entry === undefined || certificate === undefined) return entry;
  // Only an honest validator's PREPARE, so a PROPOSAL of this view's primary, can have led to a certificate above the tip.
  const { proposal } = entry;
  const isOwn = proposal.view === termState.view && proposal.proposer === primaryOf(termOf(step.state), termState.view);
  if (!isOwn || proposal.height !== height) return undefined;
  vouchFor(step, entry, signersOf(certificate));
  return entry;
}

type Parent = { readonly digest: string; readonly timestamp: number };

/** The parent as it must be: final, or what I prepared (or am about to prepare) one below, which is held. */
function parentOf(state: ReplicaState, entry: ProposalEntry): Parent {
  const { termState, head } = state;
  const below = (entry.proposal.height - 1) as Height;
  if (below <= head.height) return { digest: head.proposalDigest, timestamp: head.timestamp };
  const digest =
    termState.ownPrepares.get(below) ?? termState.certificates.get(below)?.digest ?? termState.candidates.get(below);
  assert(digest !== undefined, `a proposal of height ${below} was expected below one of the next height`);
  const parent = termState.proposals.get(digest);
  assert(parent !== undefined, `the proposal of height ${below} was expected to be held`);
  return { digest: parent.digest, timestamp: parent.proposal.timestamp };
}

function refusalOf(state: ReplicaState, entry: ProposalEntry, parent: Parent): string | undefined {
  const { proposal } = entry;
  if (proposal.parentDigest !== parent.digest) return 'its parent is not what was prepared or final below it';
  if (proposal.timestamp <= parent.timestamp) return 'its time is not above its parent’s';
  if (typeof entry.verdict === 'object') return entry.verdict.invalid;
  if (entry.vouched || entry.receivedMs === undefined) return undefined;
  // Judged by the clock at its first reception: a replica that was busy since does not refuse it for that.
  const skew = termOf(state).parameters.clockSkewMs;
  const late = entry.receivedMs - skew > proposal.timestamp && !state.termState.ownProposals.has(proposal.height);
  return late ? `its time is more than ${skew} ms behind this node’s clock` : undefined;
}

/** Early by my clock: it waits, it is not refused for good. */
function isEarly(state: ReplicaState, entry: ProposalEntry): boolean {
  if (entry.vouched || state.termState.ownProposals.get(entry.proposal.height) === entry.digest) return false;
  if (state.clockMs === undefined) return true;
  return entry.proposal.timestamp > state.clockMs + termOf(state).parameters.clockSkewMs;
}

function refuse(step: Step, entry: ProposalEntry, reason: string): void {
  if (entry.refused) return;
  entry.refused = true;
  const { height, proposer } = entry.proposal;
  const { view } = step.state.termState;
  report(step, { type: 'proposalRefused', view, height, proposer, digest: entry.digest, reason });
}

// spec PBFT-N3: COMMIT on a prepared certificate of my view, own count or passed on, with the body.
export function tryCommit(step: Step): void {
  const { state } = step;
  const { termState } = state;
  if (termState.changing) return;
  collectCertificates(step);
  for (const [height, certificate] of ascending(termState.certificates)) {
    if (height <= stableOf(state) || height > highestVotable(state) || termState.ownCommits.has(height)) continue;
    const entry = termState.proposals.get(certificate.digest);
    if (entry === undefined) {
      fetchProposal(step, certificate.digest, height, signersOf(certificate));
      continue;
    }
    // A certificate below the tip of the view can only be a forgery of more than F; it is never voted on (V8).
    if (!mayVote(state) || height < (termState.tip?.height ?? 0)) continue;
    if (entry.proposal.height !== height) {
      const detail = `a prepared certificate names height ${height} for a proposal of height ${entry.proposal.height}`;
      stopVoting(step, 'safety violation', { type: 'safetyViolation', rule: 'N3', detail });
      return;
    }
    cover(step, 'N3');
    persistBody(step, entry);
    keepHighest(step, certificate);
    castCommit(step, certificate);
  }
}

function collectCertificates(step: Step): void {
  const { termState } = step.state;
  for (const [height, votes] of termState.prepares) {
    if (termState.certificates.has(height)) continue;
    const digest = votes.quorumDigest();
    if (digest === undefined) continue;
    const signatures = votes.signaturesFor(digest);
    termState.certificates.set(height, {
      term: termOf(step.state).term,
      view: termState.view,
      height,
      digest,
      signatures,
    });
    markChanged(step);
  }
}

/** Keeps the highest prepared certificate of the term, durable; never lowered, not even when its height is final. */
export function keepHighest(step: Step, certificate: VoteCertificate): void {
  const { termState } = step.state;
  if (termState.highestPrepared !== undefined && compareClaims(certificate, termState.highestPrepared) <= 0) return;
  termState.highestPrepared = certificate;
  persist(step, { type: 'prepared-certificate', term: termOf(step.state).term, certificate });
}

// spec PBFT-N1
export function tryPropose(step: Step): void {
  const { state } = step;
  const { termState } = state;
  const term = termOf(state);
  if (termState.self === undefined || termState.changing || !mayVote(state)) return;
  if (primaryOf(term, termState.view) !== termState.self) return;
  const top = topOf(state);
  if (top === undefined) return;
  const height = (top.height + 1) as Height;
  if (height > highestVotable(state)) return;
  const required = term.endScheduled && !state.pool.hasExecutable;
  if (!state.pool.hasExecutable && !required) return;
  const { view, proposalAsked: asked } = termState;
  if (termState.proposalIdle) return;
  if (asked?.view === view && asked.height === height && asked.parentDigest === top.digest) return;
  const floor = { height: stableOf(state), digest: state.head.proposalDigest };
  const chain = chainTo(state, top, floor);
  if (chain.type !== 'complete') return;
  termState.proposalAsked = { view, height, parentDigest: top.digest };
  step.effects.push({
    type: 'requestProposal',
    term: term.term,
    view,
    height,
    proposer: termState.self,
    parentDigest: top.digest,
    parentTimestamp: chain.entries.at(-1)?.proposal.timestamp ?? state.head.timestamp,
    ancestors: chain.entries.map((entry) => entry.proposal),
    required,
  });
}

/** The highest of final block, tip (voted on) and own last proposal: what the next proposal stands on. */
function topOf(state: ReplicaState): { height: Height; digest: ProposalEntry['digest'] } | undefined {
  const { termState, head } = state;
  let top = { height: head.height, digest: head.proposalDigest };
  const { tip } = termState;
  if (tip !== undefined && tip.height > top.height) {
    if (!termState.ownPrepares.has(tip.height)) return undefined;
    top = { height: tip.height, digest: tip.digest };
  }
  for (const [height, digest] of termState.ownProposals) if (height > top.height) top = { height, digest };
  return top;
}

export function onPropose(step: Step, input: Extract<PbftInput, { type: 'propose' }>): void {
  const { state } = step;
  const { termState } = state;
  const asked = termState.proposalAsked;
  const isAnswer =
    asked !== undefined &&
    input.term === termOf(state).term &&
    input.view === asked.view &&
    input.height === asked.height &&
    input.parentDigest === asked.parentDigest;
  if (!isAnswer) return;
  termState.proposalAsked = undefined;
  if (input.proposed === undefined) {
    termState.proposalIdle = true;
    return;
  }
  const { proposal, digest } = input.proposed;
  const top = topOf(state);
  const isCurrent = asked.view === termState.view && !termState.changing && top?.digest === asked.parentDigest;
  if (!isCurrent || top.height + 1 !== asked.height || asked.height > highestVotable(state) || !mayVote(state)) return;
  assert(proposal.height === asked.height, `a proposal of height ${asked.height} was expected, got ${proposal.height}`);
  assert(proposal.parentDigest === asked.parentDigest, 'a proposal on the parent that was named was expected');
  assert(proposal.proposer === termState.self, 'a proposal with this validator as its proposer was expected');
  cover(step, 'N1');
  const entry = holdProposal(step, proposal, digest);
  entry.verdict = 'valid';
  entry.prepared = true;
  entry.persisted = true;
  termState.candidates.set(proposal.height, digest);
  castProposal(step, proposal, digest);
}
