import { assert, type View } from '@hansa/primitives';
import type {
  NewViewMessage,
  SignedClaim,
  SuspectMessage,
  Verified,
  ViewChangeMessage,
  VoteCertificate,
} from '@hansa/protocol';
import { chainTo, fetchProposal, persistBody, pruneProposals, signersOf, vouchFor } from './bodies.ts';
import type { StoredNewView } from './durable.ts';
import { reportEvidence, stopForSecondCopy } from './evidence.ts';
import { keepHighest } from './normal-case.ts';
import { primaryOf } from './primary.ts';
import { weightWhere } from './quorum.ts';
import { isSameClaim } from './reject.ts';
import { castNewView, castPrepare, castViewChange, claimOf, sendStatus } from './safety.ts';
import { cover, markChanged, peerOf, persist, type ReplicaState, type Step, stableOf, termOf } from './state.ts';
import { mayVote } from './voting-right.ts';

export function onSuspect(step: Step, message: Verified<SuspectMessage>): void {
  const peer = peerOf(step.state, message.sender);
  peer.suspect = { view: message.view, decidedHeight: message.decidedHeight };
}

export function onViewChange(step: Step, message: Verified<ViewChangeMessage>): void {
  const { termState } = step.state;
  const peer = peerOf(step.state, message.sender);
  const known = peer.viewChange;
  if (known !== undefined && known.view === message.view) {
    // rejectReason has let it pass, so the claims differ: two VIEW-CHANGEs for one view.
    reportEvidence(step, 'view-change', message.sender, { first: known, second: message });
    return;
  }
  if (message.sender === termState.self && message.view > termState.view) {
    stopForSecondCopy(step, `a VIEW-CHANGE to view ${message.view} that this process did not send`);
    return;
  }
  peer.viewChange = message;
}

/** spec PBFT-V3, PBFT-V4: nobody leaves a view alone, and everybody follows where an honest validator has reason to be. */
export function tryLeaveView(step: Step): void {
  const { state } = step;
  if (!mayVote(state)) return;
  const { termState } = state;
  const { info, self } = termState;
  const target = highestBacked(state);
  if (target !== undefined && target > termState.view) {
    cover(step, 'V4');
    leaveFor(step, target);
    return;
  }
  const weight = weightWhere(info, (index) => {
    const peer = peerOf(state, index);
    if (index !== self && peer.view > termState.view) return true;
    // One who has decided less than I is helped by my certificate, not by another view.
    return peer.suspect?.view === termState.view && peer.suspect.decidedHeight >= termState.decidedHeight;
  });
  if (weight <= info.maxFaulty) return;
  cover(step, 'V3');
  leaveFor(step, (termState.view + 1) as View);
}

/** The highest view above mine such that more than F weight of others stands at it or above. */
function highestBacked(state: ReplicaState): View | undefined {
  const { info, peers, self, view: own } = state.termState;
  // At almost every step nobody is ahead: then nothing is built and sorted.
  if (!peers.some((peer) => peer.view > own)) return undefined;
  const views = peers.flatMap(({ view }) => (view > own ? [view] : [])).sort((a, b) => b - a);
  return views.find((view) => {
    return weightWhere(info, (index) => index !== self && peerOf(state, index).view >= view) > info.maxFaulty;
  });
}

function leaveFor(step: Step, view: View): void {
  const { state } = step;
  const { termState } = state;
  if (!termState.changing) moveToPrevious(state);
  enter(state, view);
  termState.changing = true;
  termState.newView = undefined;
  termState.tip = undefined;
  persistView(step);
  castViewChange(step, 'all');
  // Whoever is in this view already answers with its NEW-VIEW (R2).
  sendStatus(step, 'all');
  markChanged(step);
}

/** COMMITs of the view that I leave go on counting; nothing else of it does. */
function moveToPrevious(state: ReplicaState): void {
  const { termState } = state;
  termState.previousView = termState.view;
  termState.commitsOfPrevious.clear();
  termState.previousCommits.clear();
  for (const [height, votes] of termState.commits) termState.commitsOfPrevious.set(height, votes);
  for (const [height, digest] of termState.ownCommits) termState.previousCommits.set(height, digest);
}

function enter(state: ReplicaState, view: View): void {
  const { termState } = state;
  termState.view = view;
  for (const map of [termState.ownProposals, termState.ownPrepares, termState.ownCommits]) map.clear();
  for (const map of [termState.prepares, termState.commits, termState.candidates, termState.certificates]) map.clear();
  termState.proposalAsked = undefined;
  termState.proposalIdle = false;
  termState.ownSuspect = undefined;
  termState.timerTicks = 0;
  termState.transactionsResent = false;
  termState.viewChanges += 1;
}

function persistView(step: Step): void {
  const { termState } = step.state;
  const { view, changing, previousView, newView } = termState;
  persist(step, { type: 'view', term: termOf(step.state).term, view, changing, previousView, newView });
}

/** spec PBFT-V6: the primary of the view, with a quorum of VIEW-CHANGEs for exactly it, its own included. */
export function tryOpenView(step: Step): void {
  const { state } = step;
  const { termState } = state;
  const { info, self, view, peers } = termState;
  if (self === undefined || !termState.changing || !mayVote(state)) return;
  if (primaryOf(termOf(state), view) !== self || peers[self]?.viewChange?.view !== view) return;
  const changes = peers.flatMap(({ viewChange }) => (viewChange?.view === view ? [viewChange] : []));
  if (weightWhere(info, (index) => peers[index]?.viewChange?.view === view) < info.quorum) return;
  const claims = changes.map(signedClaimOf).sort((a, b) => a.sender - b.sender);
  const certificate = highestCertificate(changes);
  cover(step, 'V6');
  const term = termOf(state).term;
  acceptNewView(step, { type: 'new-view', term, sender: self, view, claims, certificate, signature: undefined });
  castNewView(step, 'all', { view, claims, certificate });
}

function signedClaimOf(message: ViewChangeMessage): SignedClaim {
  const { term, sender, signature, view, claim } = message;
  return { term, sender, signature, view, claim };
}

/** By (view, height), never by height alone: a lower view's higher certificate may be a dead branch. */
function highestCertificate(changes: readonly ViewChangeMessage[]): VoteCertificate | undefined {
  let highest: VoteCertificate | undefined;
  for (const { certificate } of changes) {
    if (certificate === undefined) continue;
    if (highest === undefined || certificate.view > highest.view) highest = certificate;
    else if (certificate.view === highest.view && certificate.height > highest.height) highest = certificate;
  }
  return highest;
}

/** spec PBFT-V7. rejectReason has recomputed everything: primary, quorum of claims for exactly this view, certificate of the highest. */
export function onNewView(step: Step, message: Verified<NewViewMessage>): void {
  const { state } = step;
  const { termState } = state;
  assert(message.view > termState.view || termState.changing, 'a NEW-VIEW of a view that is not open was expected');
  if (message.sender === termState.self) {
    stopForSecondCopy(step, `a NEW-VIEW of view ${message.view} that this process did not send`);
    return;
  }
  cover(step, 'V7');
  acceptNewView(step, message);
}

/** An own NEW-VIEW that came back signed, or a second one by the primary of my view. */
export function onNewViewAgain(step: Step, message: Verified<NewViewMessage>): void {
  const { newView, self } = step.state.termState;
  if (newView === undefined || message.view !== newView.view || message.sender !== newView.sender) return;
  if (isSameNewView(newView, message)) {
    // The certificate is not signed: of a copy that others passed on nothing else is taken.
    if (newView.signature === undefined) step.state.termState.newView = { ...newView, signature: message.signature };
  } else if (message.sender === self) {
    stopForSecondCopy(step, `a NEW-VIEW of view ${message.view} that this process did not send`);
  } else {
    const { signature } = newView;
    assert(signature !== undefined, 'the NEW-VIEW of another was expected to be signed');
    reportEvidence(step, 'new-view', message.sender, { first: { ...newView, signature }, second: message });
  }
}

function isSameNewView(a: StoredNewView, b: NewViewMessage): boolean {
  if (a.claims.length !== b.claims.length) return false;
  return a.claims.every(
    (claim, i) => claim.sender === b.claims[i]?.sender && isSameClaim(claim.claim, b.claims[i]?.claim),
  );
}

/** One write makes view, `changing = false` and the NEW-VIEW durable; the highest certificate never goes down. */
function acceptNewView(step: Step, message: StoredNewView): void {
  const { state } = step;
  const { termState } = state;
  if (!termState.changing) moveToPrevious(state);
  if (message.view !== termState.view) enter(state, message.view);
  else enterOpened(state);
  termState.changing = false;
  termState.newView = message;
  // The claims name the tip's view and height; its certificate also settles the digest, should a false claim tie with it.
  termState.tip = message.certificate === undefined ? undefined : claimOf(message.certificate);
  persistView(step);
  if (message.certificate !== undefined) keepHighest(step, message.certificate);
  pruneProposals(state);
  markChanged(step);
}

/** The view that I was changing to has opened: its timer starts anew (V1), my doubts about its opening are void. */
function enterOpened(state: ReplicaState): void {
  const { termState } = state;
  termState.timerTicks = 0;
  termState.ownSuspect = undefined;
}

/** spec PBFT-V8: the first vote of a view is on its tip itself; its ancestors are decided with it. */
export function tryVoteTip(step: Step): void {
  const { state } = step;
  const { termState } = state;
  const { tip } = termState;
  if (termState.changing || tip === undefined || tip.height <= stableOf(state)) return;
  if (termState.ownPrepares.has(tip.height)) return;
  // Further away than the window: what is below is final, and comes by sync (R3).
  if (tip.height > stableOf(state) + termOf(state).parameters.window) return;
  const certificate = termState.newView?.certificate;
  assert(certificate !== undefined, 'a tip was expected to come from the certificate of a NEW-VIEW');
  const signers = signersOf(certificate);
  const chain = chainTo(state, tip, { height: stableOf(state), digest: state.head.proposalDigest });
  if (chain.type === 'missing') {
    fetchProposal(step, chain.digest, chain.height, signers);
    return;
  }
  // What was prepared and never decided: a later view, in which I was not, has decided something else. V4 leads there.
  if (chain.type === 'contradicts') return;
  // The clock is not looked at again: a certificate vouches for it.
  for (const entry of chain.entries) vouchFor(step, entry, signers);
  if (!mayVote(state) || chain.entries.some((entry) => entry.verdict !== 'valid')) return;
  cover(step, 'V8');
  for (const entry of chain.entries) persistBody(step, entry);
  const top = chain.entries.at(-1);
  assert(top !== undefined, 'a tip above the final block was expected to have a chain');
  castPrepare(step, top.proposal, top.digest);
}
