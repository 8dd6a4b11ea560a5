import { assert, compareText, type HashHex, type Height, type NodeId, type ValidatorIndex } from '@hansa/primitives';
import type { Proposal, VoteCertificate } from '@hansa/protocol';
import {
  highestVotable,
  type ProposalEntry,
  persist,
  type ReplicaState,
  report,
  type Step,
  stableOf,
  termOf,
  ticksOf,
} from './state.ts';

/** Proposals that are held at the most: those of many views that I prepared, until their heights are final. */
export const bodyLimit = (state: ReplicaState): number => 64 * termOf(state).parameters.window;

/** Adds a proposal, or returns the one that is held. */
export function holdProposal(step: Step, proposal: Proposal, digest: HashHex): ProposalEntry {
  const { state } = step;
  const { proposals } = state.termState;
  const held = proposals.get(digest);
  if (held !== undefined) return held;
  const entry: ProposalEntry = {
    proposal,
    digest,
    message: undefined,
    verdict: undefined,
    vouched: false,
    persisted: false,
    prepared: false,
    refused: false,
    receivedMs: state.clockMs,
  };
  if (proposals.size >= bodyLimit(state)) evictProposal(step);
  proposals.set(digest, entry);
  state.termState.fetches.delete(digest);
  return entry;
}

/** Gives up one that I have not voted on; only if there is none, the one of the lowest view that my certificate does not cover. */
function evictProposal(step: Step): void {
  const { state } = step;
  const covered = coveredDigests(state);
  let victim: ProposalEntry | undefined;
  for (const entry of state.termState.proposals.values()) {
    if (covered.has(entry.digest)) continue;
    const isBetter =
      victim === undefined ||
      (victim.prepared && !entry.prepared) ||
      (victim.prepared === entry.prepared && entry.proposal.view < victim.proposal.view);
    if (isBetter) victim = entry;
  }
  if (victim === undefined) return;
  state.termState.proposals.delete(victim.digest);
  if (victim.prepared) report(step, { type: 'limitReached', what: 'bodies of prepared proposals' });
}

/** Digests that a certificate, a tip or a decision needs, with their ancestors as far as they are held. */
function coveredDigests(state: ReplicaState): Set<HashHex> {
  const { termState } = state;
  const covered = new Set<HashHex>();
  const roots = [termState.highestPrepared, termState.tip, termState.pendingCommit, termState.highestCommitted];
  const digests = roots.flatMap((root) => (root === undefined ? [] : [root.digest]));
  for (const certificate of termState.certificates.values()) digests.push(certificate.digest);
  digests.push(...termState.ownPrepares.values(), ...termState.decided.values());
  for (const root of digests) {
    let digest: HashHex | undefined = root;
    while (digest !== undefined && !covered.has(digest)) {
      covered.add(digest);
      digest = termState.proposals.get(digest)?.proposal.parentDigest;
    }
  }
  return covered;
}

/** Drops what is final, and signed PROPOSALs of views that were left. Prepared bodies of older views stay. */
export function pruneProposals(state: ReplicaState): void {
  const { termState } = state;
  const stable = stableOf(state);
  const covered = coveredDigests(state);
  for (const [digest, entry] of termState.proposals) {
    if (entry.message !== undefined && entry.message.view < termState.view) entry.message = undefined;
    const isOld = entry.proposal.view < termState.view && !entry.prepared && !covered.has(digest);
    if (entry.proposal.height <= stable || isOld) termState.proposals.delete(digest);
  }
  for (const [digest, fetch] of termState.fetches) if (fetch.height <= stable) termState.fetches.delete(digest);
}

export function persistBody(step: Step, entry: ProposalEntry): void {
  entry.prepared = true;
  if (entry.persisted) return;
  entry.persisted = true;
  const { proposal, digest } = entry;
  persist(step, { type: 'body', term: termOf(step.state).term, height: proposal.height, digest, proposal });
}

export type Chain =
  /** Ascending from the height above `floor` up to the digest asked for. */
  | { readonly type: 'complete'; readonly entries: readonly ProposalEntry[] }
  /** A proposal is not held. */
  | { readonly type: 'missing'; readonly digest: HashHex; readonly height: Height }
  /** It leads down to something else than `floor.digest`. */
  | { readonly type: 'contradicts'; readonly height: Height; readonly digest: HashHex };

/** Walks from (height, digest) down to `floor`. Bounded by the window, since callers ask for heights within it only. */
export function chainTo(
  state: ReplicaState,
  top: { readonly height: Height; readonly digest: HashHex },
  floor: { readonly height: Height; readonly digest: HashHex },
): Chain {
  const entries: ProposalEntry[] = [];
  let { height, digest } = top;
  while (height > floor.height) {
    const entry = state.termState.proposals.get(digest);
    if (entry === undefined) return { type: 'missing', digest, height };
    if (entry.proposal.height !== height) return { type: 'contradicts', height, digest };
    entries.push(entry);
    digest = entry.proposal.parentDigest;
    height = (height - 1) as Height;
  }
  if (digest !== floor.digest) return { type: 'contradicts', height, digest };
  return { type: 'complete', entries: entries.reverse() };
}

/** Asks for a proposal, again after `fetchMsMin` while it is missing; those who signed for it first. */
export function fetchProposal(step: Step, digest: HashHex, height: Height, signers: readonly ValidatorIndex[]): void {
  const { state } = step;
  const { fetches } = state.termState;
  const highest = state.head.height + termOf(state).parameters.window;
  assert(height <= highest, `only proposals up to ${highest} were expected to be asked for, got ${height}`);
  const last = fetches.get(digest);
  if (last !== undefined && state.now - last.tick < ticksOf(state, state.config.fetchMsMin)) return;
  fetches.set(digest, { tick: state.now, height });
  const from = othersOf(state, signers);
  if (from.length === 0) return;
  step.effects.push({ type: 'fetch', digest, height, heightMin: (stableOf(state) + 1) as Height, from });
}

/** Other validators, those in `first` before the rest. */
function othersOf(state: ReplicaState, first: readonly ValidatorIndex[]): NodeId[] {
  const { self } = state.termState;
  const rest = termOf(state).validators.map((_, index) => index as ValidatorIndex);
  const order = [...first, ...rest.filter((index) => !first.includes(index))];
  return order.flatMap((index) => {
    // Behind a certificate of more than F liars any index may stand as the proposer's.
    const nodeId = index === self ? undefined : termOf(state).validators[index]?.nodeId;
    return nodeId === undefined ? [] : [nodeId];
  });
}

export const signersOf = (certificate: VoteCertificate): ValidatorIndex[] =>
  certificate.signatures.map((signature) => signature.index);

/** Puts the question to the driver once; on the slow tick `revalidate` asks again. What is missing is asked of `first` first. */
export function askValidation(step: Step, entry: ProposalEntry, first: readonly ValidatorIndex[]): void {
  if (entry.verdict !== undefined) return;
  entry.verdict = 'asked';
  emitValidate(step, entry, othersOf(step.state, first));
}

function emitValidate(step: Step, entry: ProposalEntry, from: readonly NodeId[]): void {
  const { state } = step;
  const ancestors: Proposal[] = [];
  let parent = state.termState.proposals.get(entry.proposal.parentDigest);
  while (parent !== undefined && parent.proposal.height > stableOf(state)) {
    ancestors.push(parent.proposal);
    parent = state.termState.proposals.get(parent.proposal.parentDigest);
  }
  step.effects.push({
    type: 'validate',
    proposal: entry.proposal,
    digest: entry.digest,
    ancestors: ancestors.reverse(),
    mode: entry.vouched ? 'availability' : 'full',
    from,
  });
}

/** Slow tick: questions that are open are put again, so that a lost answer never blocks (spec PBFT-R1). */
export function revalidate(step: Step): void {
  const { state } = step;
  const open = [...state.termState.proposals.values()].filter(
    (entry) =>
      (entry.verdict === 'waiting' || entry.verdict === 'asked') &&
      entry.proposal.height > stableOf(state) &&
      entry.proposal.height <= highestVotable(state),
  );
  open.sort((a, b) => a.proposal.height - b.proposal.height || compareText(a.digest, b.digest));
  for (const entry of open) emitValidate(step, entry, othersOf(state, [entry.proposal.proposer]));
}

/** A certificate has vouched for it: from now on only availability is asked, and an `invalid` from before is void. */
export function vouchFor(step: Step, entry: ProposalEntry, signers: readonly ValidatorIndex[]): void {
  if (!entry.vouched) {
    entry.vouched = true;
    entry.refused = false;
    if (entry.verdict !== 'valid') entry.verdict = undefined;
  }
  askValidation(step, entry, signers);
}
