import { assert, type HashHex, type Height, type ValidatorIndex, type View } from '@hansa/primitives';
import type { Proposal, SignedClaim, VoteCertificate } from '@hansa/protocol';
import type { ApprovedVote, Recipients, UnsignedPbftMessage } from './effect.ts';
import { primaryOf } from './primary.ts';
import {
  cover,
  highestVotable,
  markChanged,
  persist,
  type ReplicaState,
  type Step,
  stableOf,
  termOf,
} from './state.ts';
import { mayVote } from './voting-right.ts';

/*
 * The only place where an ApprovedVote is made, and so the only way to a signature. Callers have decided that they want
 * to vote; here it is asserted that they may (S1 to S7 of docs/spec/pbft.md). A failed assertion is a fault of this
 * program, and it stops the process before the vote leaves.
 *
 * Each function writes the vote down (in memory and as a durable record) before it hands it out.
 */

function send(step: Step, to: Recipients, message: UnsignedPbftMessage): void {
  step.effects.push({ type: 'send', to, vote: message as ApprovedVote });
}

function selfOf(state: ReplicaState): ValidatorIndex {
  // spec PBFT-S7, PBFT-T3: nothing leaves a replica that may not vote.
  assert(mayVote(state), 'a vote was expected from a replica that may vote only');
  return state.termState.self as ValidatorIndex;
}

/** spec PBFT-S4, PBFT-S5, PBFT-S7: in the current view, not while changing, above what is final, within window and term. */
function assertVotable(state: ReplicaState, height: Height): void {
  assert(!state.termState.changing, 'no vote for an order was expected while the view changes (S5)');
  assert(height > stableOf(state) && height > state.voteFloor, `no vote at or below final height (S7), got ${height}`);
  assert(height <= highestVotable(state), `no vote above window or term was expected (S7), got ${height}`);
}

/** spec PBFT-S1: at most one proposal per (view, height), as the primary of the view. */
export function castProposal(step: Step, proposal: Proposal, digest: HashHex): void {
  const { state } = step;
  const { termState } = state;
  const sender = selfOf(state);
  const { term, view } = { term: termOf(state).term, view: termState.view };
  assertVotable(state, proposal.height);
  assert(primaryOf(termOf(state), view) === sender, 'a proposal was expected from the primary only (S1)');
  assert(
    !termState.ownProposals.has(proposal.height),
    `one proposal per height was expected (S1), got two at ${proposal.height}`,
  );
  assert(proposal.view === view && proposal.term === term, 'a proposal was expected to name this view (S1, S4)');
  termState.ownProposals.set(proposal.height, digest);
  persist(step, { type: 'proposal', term, view, height: proposal.height, digest });
  persist(step, { type: 'body', term, height: proposal.height, digest, proposal });
  send(step, 'all', { type: 'proposal', term, sender, view, proposal, digest });
  markChanged(step);
}

/** spec PBFT-S2: one PREPARE per (view, height), on the parent that I prepared; in a view opened by a NEW-VIEW first on its tip. */
export function castPrepare(step: Step, proposal: Proposal, digest: HashHex): void {
  const { state } = step;
  const { termState } = state;
  const { height } = proposal;
  const sender = selfOf(state);
  const { term, view } = { term: termOf(state).term, view: termState.view };
  assertVotable(state, height);
  assert(!termState.ownPrepares.has(height), `one PREPARE per height was expected (S2), got two at ${height}`);
  assert(view > 0 === (termState.newView !== undefined), 'a view above 0 was expected to have its NEW-VIEW (S2)');
  const tip = termState.tip;
  if (tip !== undefined && tip.height > stableOf(state) && !termState.ownPrepares.has(tip.height)) {
    assert(height === tip.height && digest === tip.digest, 'the first vote of a view was expected on its tip (S2)');
  } else {
    assert(tip === undefined || height > tip.height, `no PREPARE at or below the tip was expected (S2), got ${height}`);
    const parent =
      height - 1 === stableOf(state) ? state.head.proposalDigest : termState.ownPrepares.get((height - 1) as Height);
    assert(parent === proposal.parentDigest, `the parent was expected to be final or prepared here (S2), at ${height}`);
  }
  termState.ownPrepares.set(height, digest);
  persist(step, { type: 'vote', kind: 'prepare', term, view, height, digest });
  send(step, 'all', { type: 'prepare', term, sender, view, height, digest });
  markChanged(step);
}

/** spec PBFT-S3: COMMIT only with a prepared certificate for the same (view, height, digest), which is kept if it is the highest. */
export function castCommit(step: Step, certificate: VoteCertificate): void {
  const { state } = step;
  const { termState } = state;
  const { height, digest, view } = certificate;
  const sender = selfOf(state);
  const term = termOf(state).term;
  assertVotable(state, height);
  assert(view === termState.view, 'a COMMIT was expected in the view of its certificate (S4)');
  assert(!termState.ownCommits.has(height), `one COMMIT per height was expected (S3), got two at ${height}`);
  const highest = termState.highestPrepared;
  const kept = highest !== undefined && (highest.view > view || (highest.view === view && highest.height >= height));
  assert(kept, 'a prepared certificate was expected to be kept before its COMMIT (S3)');
  termState.ownCommits.set(height, digest);
  persist(step, { type: 'vote', kind: 'commit', term, view, height, digest });
  send(step, 'all', { type: 'commit', term, sender, view, height, digest });
  markChanged(step);
}

/** spec PBFT-S6: one RESULT per height, for ever. */
export function castResult(step: Step, height: Height, blockHash: HashHex): void {
  const { state } = step;
  const { termState } = state;
  const sender = selfOf(state);
  const term = termOf(state).term;
  assert(
    height > stableOf(state) && height > state.voteFloor,
    `no RESULT at or below final height (S7), got ${height}`,
  );
  assert(termState.decided.has(height), `a RESULT was expected for a decided height only (S6), got ${height}`);
  assert(!termState.ownResults.has(height), `one RESULT per height was expected (S6), got two at ${height}`);
  termState.ownResults.set(height, blockHash);
  persist(step, { type: 'result', term, height, blockHash });
  send(step, 'all', { type: 'result', term, sender, height, blockHash });
  markChanged(step);
}

/** spec PBFT-S4, PBFT-S5: the caller has made `view, changing` durable; nothing below this view leaves any more. */
export function castViewChange(step: Step, to: Recipients): void {
  const { state } = step;
  const { termState } = state;
  const sender = selfOf(state);
  assert(termState.changing, 'a VIEW-CHANGE was expected while the view changes only (S5)');
  const certificate = termState.highestPrepared;
  const claim = certificate === undefined ? undefined : claimOf(certificate);
  send(step, to, { type: 'view-change', term: termOf(state).term, sender, view: termState.view, claim, certificate });
}

/** One NEW-VIEW per view, ever: the caller has made it durable. */
export function castNewView(
  step: Step,
  to: Recipients,
  content: {
    readonly view: View;
    readonly claims: readonly SignedClaim[];
    readonly certificate: VoteCertificate | undefined;
  },
): void {
  const { state } = step;
  const sender = selfOf(state);
  const { termState } = state;
  assert(
    primaryOf(termOf(state), content.view) === sender,
    'a NEW-VIEW was expected from the primary of the view only',
  );
  assert(
    termState.view === content.view && !termState.changing,
    'a NEW-VIEW was expected to be accepted before it is sent',
  );
  send(step, to, { type: 'new-view', term: termOf(state).term, sender, ...content });
}

/** Not a vote: its sender goes on voting. */
export function castSuspect(step: Step, decidedHeight: Height): void {
  const { state } = step;
  const sender = selfOf(state);
  send(step, 'all', { type: 'suspect', term: termOf(state).term, sender, view: state.termState.view, decidedHeight });
}

/** Sent by a silent validator too: it says where it stands, and it is no vote. */
export function sendStatus(step: Step, to: Recipients): void {
  const { state } = step;
  const { termState } = state;
  if (termState.self === undefined) return;
  send(step, to, {
    type: 'status',
    term: termOf(state).term,
    sender: termState.self,
    view: termState.view,
    changing: termState.changing,
    stableHeight: stableOf(state),
    decidedHeight: termState.decidedHeight,
    preparedHeight: preparedHeightOf(state),
    incarnation: state.config.incarnation,
    instance: state.config.instance,
  });
}

/** Sends own votes again, as they were written down (spec PBFT-R1, PBFT-R2); `above` limits it to what the peer misses. */
export function resendVotes(
  step: Step,
  to: Recipients,
  above: { readonly prepared: Height; readonly decided: Height; readonly stable: Height },
): void {
  const { state } = step;
  if (!mayVote(state)) return;
  cover(step, to === 'all' ? 'R1' : 'R2');
  const { termState } = state;
  const sender = selfOf(state);
  const term = termOf(state).term;
  const { view, changing, previousView } = termState;
  const floor = Math.max(stableOf(state), above.stable);
  const resendCommits = (commits: ReadonlyMap<Height, HashHex>, of: View): void => {
    for (const [height, digest] of ascending(commits)) {
      if (height > Math.max(floor, above.decided))
        send(step, to, { type: 'commit', term, sender, view: of, height, digest });
    }
  };
  if (!changing) {
    for (const [height, digest] of ascending(termState.ownProposals)) {
      const entry = termState.proposals.get(digest);
      if (height <= Math.max(floor, above.prepared) || entry === undefined) continue;
      send(step, to, { type: 'proposal', term, sender, view, proposal: entry.proposal, digest });
    }
    for (const [height, digest] of ascending(termState.ownPrepares)) {
      if (height > Math.max(floor, above.prepared))
        send(step, to, { type: 'prepare', term, sender, view, height, digest });
    }
    resendCommits(termState.ownCommits, view);
  }
  if (previousView !== undefined) resendCommits(termState.previousCommits, previousView);
  for (const [height, blockHash] of ascending(termState.ownResults)) {
    if (height > floor) send(step, to, { type: 'result', term, sender, height, blockHash });
  }
}

/** Highest height with a prepared certificate of this view, else the final height. */
export function preparedHeightOf(state: ReplicaState): Height {
  let highest: Height = stableOf(state);
  if (state.termState.changing) return highest;
  for (const height of state.termState.certificates.keys()) if (height > highest) highest = height;
  return highest;
}

export function claimOf(certificate: VoteCertificate): { view: View; height: Height; digest: HashHex } {
  return { view: certificate.view, height: certificate.height, digest: certificate.digest };
}

/** Entries by height: a map's own order is that of arrival, which must not reach an output. */
export function ascending<T>(map: ReadonlyMap<Height, T>): [Height, T][] {
  const entries = [...map];
  return entries.length > 1 ? entries.sort((a, b) => a[0] - b[0]) : entries;
}
