import { assert, type Height, type View } from '@hansa/primitives';
import type { VoteCertificate } from '@hansa/protocol';
import { chainTo, fetchProposal, signersOf, vouchFor } from './bodies.ts';
import type { VoteSet } from './quorum.ts';
import { cover, markChanged, type Step, stableOf, stopVoting, type TermState, termOf } from './state.ts';
import { restartViewTimer } from './timers.ts';

/** A COMMIT certificate that was passed on: counts from any view of the term (spec PBFT-N4). */
export function onCommitCertificate(step: Step, certificate: VoteCertificate): void {
  const { termState } = step.state;
  assert(isAbovePending(termState, certificate.height), 'a certificate above the one that waits was expected');
  termState.pendingCommit = certificate;
  markChanged(step);
}

function isAbovePending({ pendingCommit }: TermState, height: Height): boolean {
  return pendingCommit === undefined || height > pendingCommit.height;
}

// spec PBFT-N4: a height and all its ancestors are decided by one certificate.
export function tryDecide(step: Step): void {
  const { state } = step;
  const { termState } = state;
  countCommits(step, termState.commits, termState.view);
  if (termState.previousView !== undefined) countCommits(step, termState.commitsOfPrevious, termState.previousView);
  const certificate = termState.pendingCommit;
  if (certificate === undefined) return;
  if (certificate.height <= termState.decidedHeight) {
    termState.pendingCommit = undefined;
    return;
  }
  // Further away than the window: sync has to bring what is final before (spec PBFT-R3).
  if (certificate.height > stableOf(state) + termOf(state).parameters.window) return;
  const chain = chainTo(state, certificate, { height: stableOf(state), digest: state.head.proposalDigest });
  if (chain.type === 'missing') {
    fetchProposal(step, chain.digest, chain.height, signersOf(certificate));
    return;
  }
  const contradiction =
    chain.type === 'contradicts' ||
    chain.entries.some(({ proposal, digest }) => (termState.decided.get(proposal.height) ?? digest) !== digest);
  if (contradiction) {
    stopForContradiction(step, certificate);
    return;
  }
  cover(step, 'N4');
  for (const entry of chain.entries) {
    termState.decided.set(entry.proposal.height, entry.digest);
    vouchFor(step, entry, signersOf(certificate));
  }
  termState.decidedHeight = certificate.height;
  termState.pendingCommit = undefined;
  // Decided heights only rise, so it is the highest.
  termState.highestCommitted = certificate;
  restartViewTimer(step);
  markChanged(step);
}

function countCommits(step: Step, votes: ReadonlyMap<Height, VoteSet>, view: View): void {
  const { state } = step;
  const { termState } = state;
  for (const [height, set] of votes) {
    const digest = set.quorumDigest();
    if (digest === undefined || height <= stableOf(state)) continue;
    const certificate = { term: termOf(state).term, view, height, digest };
    if (height > termState.decidedHeight) {
      if (isAbovePending(termState, height))
        onCommitCertificate(step, { ...certificate, signatures: set.signaturesFor(digest) });
    } else if (termState.decided.get(height) !== digest) {
      stopForContradiction(step, { ...certificate, signatures: set.signaturesFor(digest) });
      return;
    }
  }
}

function stopForContradiction(step: Step, certificate: VoteCertificate): void {
  const { height, view, digest } = certificate;
  const detail = `the order decided in view ${view} at height ${height} (${digest}) contradicts what was decided or final here`;
  stopVoting(step, 'safety violation', { type: 'safetyViolation', rule: 'N4', detail });
}
