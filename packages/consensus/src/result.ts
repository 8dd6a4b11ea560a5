import { assert, type HashHex, type Height } from '@hansa/primitives';
import type { Certificate, ResultMessage, Verified } from '@hansa/protocol';
import { askValidation } from './bodies.ts';
import { reportEvidence, stopForSecondCopy } from './evidence.ts';
import { diverge } from './healing.ts';
import type { PbftInput } from './input.ts';
import { VoteSet } from './quorum.ts';
import { ascending, castResult } from './safety.ts';
import { cover, markChanged, type Step, stableOf, stopVoting } from './state.ts';
import { mayVote } from './voting-right.ts';

/** RESULTs count from any view, and before I have executed (spec PBFT-N6). */
export function onResult(step: Step, message: Verified<ResultMessage>): void {
  const { termState } = step.state;
  const { height, sender, blockHash, signature } = message;
  if (sender === termState.self && termState.ownResults.get(height) !== blockHash) {
    stopForSecondCopy(step, `a RESULT of height ${height} that this process did not send`);
    return;
  }
  const set = termState.results.get(height) ?? new VoteSet(termState.info);
  termState.results.set(height, set);
  if (set.add(sender, blockHash, signature) !== 'conflict') return;
  const known = set.voteOf(sender);
  assert(known !== undefined, 'a conflict was expected with a vote that is held');
  const first = { ...message, blockHash: known.digest, signature: known.signature };
  reportEvidence(step, 'result', sender, { first, second: message });
}

/** Hands decided heights to execution, in order, once their transactions are on disk. */
export function tryExecute(step: Step): void {
  const { state } = step;
  const { termState } = state;
  for (;;) {
    const height = (Math.max(termState.executeSent, stableOf(state)) + 1) as Height;
    const digest = termState.decided.get(height);
    const entry = digest === undefined ? undefined : termState.proposals.get(digest);
    if (entry === undefined || state.stopped === 'diverged') return;
    askValidation(step, entry, [entry.proposal.proposer]);
    if (entry.verdict !== 'valid') return;
    termState.executeSent = height;
    step.effects.push({ type: 'execute', height, proposal: entry.proposal, digest: entry.digest });
  }
}

export function onExecuted(step: Step, input: Extract<PbftInput, { type: 'executed' }>): void {
  const { termState } = step.state;
  if (input.height <= stableOf(step.state) || termState.decided.get(input.height) !== input.digest) return;
  termState.executed.set(input.height, input.blockHash);
}

// spec PBFT-N5 and PBFT-N7: first look whether a quorum says otherwise, then sign.
export function tryResult(step: Step): void {
  const { state } = step;
  const { termState } = state;
  for (const [height, blockHash] of ascending(termState.executed)) {
    const votes = termState.results.get(height);
    const quorumHash = votes?.quorumDigest();
    if (votes !== undefined && quorumHash !== undefined && quorumHash !== blockHash) {
      const certificate = { height, blockHash: quorumHash, signatures: votes.signaturesFor(quorumHash) };
      stopForDivergence(step, blockHash, certificate);
      return;
    }
    const signed = termState.ownResults.get(height);
    if (signed !== undefined && signed !== blockHash) {
      if (height <= state.divergence.disownedTo) continue;
      state.divergence = { ...state.divergence, height };
      const content = { height, signedBlockHash: signed, newBlockHash: blockHash };
      stopVoting(step, 'nondeterminism', { type: 'nondeterminism', ...content });
      return;
    }
    if (signed !== undefined || !mayVote(state)) continue;
    cover(step, 'N5');
    castResult(step, height, blockHash);
  }
}

function stopForDivergence(step: Step, ownBlockHash: HashHex, certificate: Certificate): void {
  const { height, blockHash: quorumBlockHash } = certificate;
  const digest = step.state.termState.decided.get(height);
  assert(digest !== undefined, `height ${height}, which was executed, was expected to be decided`);
  if (step.state.stopped === undefined) cover(step, 'N7');
  diverge(step, { height, digest, ownBlockHash, quorumBlockHash, certificate });
}

// spec PBFT-N6: heights become final in order, each with its own certificate.
export function tryFinalise(step: Step): void {
  const { state } = step;
  const { termState } = state;
  for (;;) {
    const height = (Math.max(termState.commitSent, stableOf(state)) + 1) as Height;
    const votes = termState.results.get(height);
    const blockHash = votes?.quorumDigest();
    const digest = termState.decided.get(height);
    const entry = digest === undefined ? undefined : termState.proposals.get(digest);
    if (votes === undefined || blockHash === undefined || entry === undefined) return;
    if (termState.executed.get(height) !== blockHash) return;
    cover(step, 'N6');
    termState.commitSent = height;
    const certificate = { height, blockHash, signatures: votes.signaturesFor(blockHash) };
    step.effects.push({
      type: 'commit',
      height,
      proposal: entry.proposal,
      digest: entry.digest,
      blockHash,
      certificate,
    });
    markChanged(step);
  }
}
