import { assert, type Height, type NodeId, type ValidatorIndex, type View } from '@hansa/primitives';
import type { TermInfo } from '@hansa/protocol';
import { pruneProposals } from './bodies.ts';
import type { PbftConfig } from './config.ts';
import type { DurableState } from './durable.ts';
import { FutureBuffer } from './future-buffer.ts';
import { diverge, tryHeal } from './healing.ts';
import type { FinalHead } from './input.ts';
import { createQuorumInfo } from './quorum.ts';
import { claimOf, sendStatus } from './safety.ts';
import {
  cover,
  markChanged,
  type PeerState,
  persist,
  report,
  type Step,
  stopVoting,
  type TermState,
  termOf,
} from './state.ts';
import { restartViewTimer } from './timers.ts';
import { askForVotingRight, onTermEntered } from './voting-right.ts';

/** A term at its base: view 0, nothing seen, nothing sent. */
export function createTermState(config: PbftConfig, term: TermInfo, stable: Height): TermState {
  const index = term.validators.findIndex((validator) => validator.nodeId === config.nodeId);
  return {
    info: createQuorumInfo(term.validators.map((validator) => validator.weight)),
    self: index < 0 ? undefined : (index as ValidatorIndex),
    view: 0 as View,
    changing: false,
    previousView: undefined,
    newView: undefined,
    tip: undefined,
    ownProposals: new Map(),
    ownPrepares: new Map(),
    ownCommits: new Map(),
    previousCommits: new Map(),
    ownResults: new Map(),
    highestPrepared: undefined,
    highestCommitted: undefined,
    pendingCommit: undefined,
    candidates: new Map(),
    prepares: new Map(),
    commits: new Map(),
    commitsOfPrevious: new Map(),
    results: new Map(),
    certificates: new Map(),
    proposals: new Map(),
    decided: new Map(),
    decidedHeight: stable,
    executeSent: stable,
    executed: new Map(),
    commitSent: stable,
    peers: term.validators.map(createPeerState),
    buffer: new FutureBuffer(term.validators.length, 2 * term.parameters.window, Math.ceil(1_000 / config.tickMs)),
    evidence: new Set(),
    fetches: new Map(),
    proposalAsked: undefined,
    proposalIdle: false,
    viewChanges: 0,
    timerTicks: 0,
    timerRuns: false,
    transactionsResent: false,
    ownSuspect: undefined,
    acknowledged: false,
    accusedView: undefined,
  };
}

function createPeerState(): PeerState {
  return {
    view: 0 as View,
    suspect: undefined,
    viewChange: undefined,
    status: undefined,
    heardTick: undefined,
    answeredTick: undefined,
  };
}

/** Puts back what was durable in this very term: views and votes as they were, nothing that only others know. */
export function restoreTermState(termState: TermState, durable: DurableState, stable: Height): void {
  const stored = durable.view;
  if (stored !== undefined) {
    const isOpen = stored.view > 0 && !stored.changing;
    assert(
      isOpen === (stored.newView !== undefined),
      'the vote store was expected to hold the NEW-VIEW of an open view above 0',
    );
    termState.view = stored.view;
    termState.changing = stored.changing;
    termState.previousView = stored.previousView;
    termState.newView = stored.newView;
    // Fork (c) of the spec: the tip must be known before anything is voted on in this view.
    termState.tip = stored.newView?.certificate === undefined ? undefined : claimOf(stored.newView.certificate);
  }
  termState.highestPrepared = durable.preparedCertificate;
  const { view, previousView, changing } = termState;
  for (const { height, digest, proposal } of durable.bodies) {
    if (height <= stable) continue;
    termState.proposals.set(digest, {
      proposal,
      digest,
      message: undefined,
      verdict: undefined,
      vouched: true,
      persisted: true,
      prepared: true,
      refused: false,
      receivedMs: undefined,
    });
  }
  for (const proposal of durable.proposals) {
    if (proposal.height <= stable || proposal.view !== view || changing) continue;
    termState.ownProposals.set(proposal.height, proposal.digest);
    termState.candidates.set(proposal.height, proposal.digest);
  }
  for (const vote of durable.votes) {
    if (vote.height <= stable) continue;
    if (vote.view === view && !changing) {
      (vote.kind === 'prepare' ? termState.ownPrepares : termState.ownCommits).set(vote.height, vote.digest);
    } else if (vote.view === previousView && vote.kind === 'commit') {
      termState.previousCommits.set(vote.height, vote.digest);
    }
  }
  for (const result of durable.results)
    if (result.height > stable) termState.ownResults.set(result.height, result.blockHash);
}

/** The ledger holds a block, from own commit or from sync (spec PBFT-N6, PBFT-R3, PBFT-T1). */
export function onCommitted(step: Step, head: FinalHead): void {
  const { state } = step;
  if (head.height <= state.head.height) return;
  assert(head.term.term >= termOf(state).term, `terms only rise, got ${head.term.term} after ${termOf(state).term}`);
  checkAgainstOwn(step, head);
  const previous = termOf(state);
  state.head = head;
  if (head.term.term > previous.term) enterTerm(step, previous);
  else advanceStable(step);
  tryHeal(step);
  markChanged(step);
}

/** What became final must be what was decided here, with the result that I signed. */
function checkAgainstOwn(step: Step, head: FinalHead): void {
  const { termState } = step.state;
  const decided = termState.decided.get(head.height);
  if (decided !== undefined && decided !== head.proposalDigest) {
    const detail = `height ${head.height} is final with proposal ${head.proposalDigest}, and ${decided} was decided here`;
    stopVoting(step, 'safety violation', { type: 'safetyViolation', rule: 'N6', detail });
    return;
  }
  // Signed before a divergence below it was seen: known to be wrong, and reported then.
  if (head.height <= step.state.divergence.disownedTo) return;
  const own = termState.ownResults.get(head.height) ?? termState.executed.get(head.height);
  if (own === undefined || own === head.blockHash) return;
  cover(step, 'N7');
  diverge(step, {
    height: head.height,
    digest: head.proposalDigest,
    ownBlockHash: own,
    quorumBlockHash: head.blockHash,
    certificate: undefined,
  });
}

function advanceStable(step: Step): void {
  const { state } = step;
  const { termState } = state;
  const stable = state.head.height;
  const { ownProposals, ownPrepares, ownCommits, previousCommits, ownResults } = termState;
  const { candidates, prepares, commits, commitsOfPrevious, results, certificates, decided, executed } = termState;
  // The highest prepared certificate and the NEW-VIEW stay: fork (b) of the spec.
  for (const map of [
    ownProposals,
    ownPrepares,
    ownCommits,
    previousCommits,
    ownResults,
    candidates,
    prepares,
    commits,
    commitsOfPrevious,
    results,
    certificates,
    decided,
    executed,
  ]) {
    for (const height of map.keys()) if (height <= stable) map.delete(height);
  }
  if (termState.decidedHeight < stable) {
    termState.decidedHeight = stable;
    restartViewTimer(step);
  }
  termState.proposalIdle = false;
  pruneProposals(state);
  if (state.voteFloor < stable) state.voteFloor = stable;
  persist(step, { type: 'final', term: termOf(state).term, height: stable });
}

/** spec PBFT-T1: everything is reset when the last height of a term is final; nothing but that block is needed to go on. */
function enterTerm(step: Step, previous: TermInfo): void {
  const { state } = step;
  const { head, config } = state;
  cover(step, 'T1');
  if (head.term.primaryOrder.join() !== previous.primaryOrder.join()) cover(step, 'T2');
  state.termState = createTermState(config, head.term, head.height);
  state.behindTick = undefined;
  state.pool = { ...state.pool, overtakenIn: undefined };
  const members = new Set<NodeId>(head.term.validators.map((validator) => validator.nodeId));
  for (const nodeId of state.finalHeights.keys()) if (!members.has(nodeId)) state.finalHeights.delete(nodeId);
  takeUpDurable(step);
  onTermEntered(step, previous.term);
  // Those who were faster answer with what was sent before I was here (R2).
  sendStatus(step, 'all');
  askForVotingRight(step);
}

/** Joins the vote store and the term that the ledger is in: same term, store behind (a new term), or store ahead. */
export function takeUpDurable(step: Step): void {
  const { state } = step;
  const term = termOf(state).term;
  const durable = state.pendingDurable;
  state.pendingDurable = undefined;
  if (durable?.term !== undefined && durable.term > term) {
    state.pendingDurable = durable;
    report(step, { type: 'ledgerBehindVotes', storeTerm: durable.term, ledgerTerm: term });
    return;
  }
  if (durable?.term === term) {
    restoreTermState(state.termState, durable, state.head.height);
    state.voteFloor = Math.max(state.head.height, durable.finalHeight ?? 0) as Height;
    return;
  }
  state.voteFloor = state.head.height;
  persist(step, { type: 'term', term });
  if (durable?.voteStore.type === 'barrier') {
    // It was raised in an older term than the ledger's, and counts for the one after that only.
    state.voteStore = { type: 'lost' };
    persist(step, { type: 'vote-store', state: state.voteStore });
  }
}
