import type { Height, NodeId, Term } from '@hansa/primitives';
import { weightWhere } from './quorum.ts';
import {
  cover,
  markChanged,
  nodeIdOf,
  persist,
  type ReplicaState,
  report,
  type Step,
  stableOf,
  termOf,
} from './state.ts';
import type { SilenceReason } from './status.ts';

/** Node ids whose acknowledgement is remembered beyond the members of the term. */
const ACKNOWLEDGEMENTS_MAX = 1024;

/** Why this replica may vote on nothing now, or undefined when it may (spec PBFT-T3, PBFT-N7). */
export function silenceOf(state: ReplicaState): SilenceReason | undefined {
  if (state.stopped !== undefined) return state.stopped;
  if (state.termState.self === undefined) return 'not a validator';
  if (state.voteStore.type !== 'intact') return 'vote store lost';
  if (state.pendingDurable !== undefined || state.voteFloor > stableOf(state)) return 'ledger behind votes';
  // spec PBFT-T3: no first vote before a quorum, oneself included, has this incarnation on disk.
  return isAcknowledged(state) ? undefined : 'incarnation not acknowledged';
}

/** Acknowledgements are never taken back, so the answer for a term is kept once it is yes: every step asks it. */
function isAcknowledged(state: ReplicaState): boolean {
  const { termState } = state;
  const { info, self } = termState;
  termState.acknowledged ||=
    weightWhere(info, (index) => index === self || state.acknowledged.has(nodeIdOf(state, index))) >= info.quorum;
  return termState.acknowledged;
}

export const mayVote = (state: ReplicaState): boolean => silenceOf(state) === undefined;

export function onIncarnationAcknowledged(step: Step, nodeId: NodeId, incarnation: number): void {
  const { state } = step;
  if (incarnation !== state.config.incarnation) return;
  // Members of later terms may answer early; strangers cannot fill the set.
  const isMember = termOf(state).validators.some((validator) => validator.nodeId === nodeId);
  if (!isMember && state.acknowledged.size >= ACKNOWLEDGEMENTS_MAX) return;
  const before = silenceOf(state);
  state.acknowledged.add(nodeId);
  if (before !== silenceOf(state)) {
    cover(step, 'T3');
    markChanged(step);
  }
}

/** A peer holds a statement of mine that this store does not know of: the store was rolled back, so it is worth nothing. */
export function onIncarnationRefused(step: Step, incarnation: number): void {
  const { state } = step;
  if (state.voteStore.type === 'lost' || incarnation < state.config.incarnation) return;
  cover(step, 'T3');
  state.voteStore = { type: 'lost' };
  persist(step, { type: 'vote-store', state: state.voteStore });
  report(step, { type: 'rolledBack', ownIncarnation: state.config.incarnation, seenIncarnation: incarnation });
  markChanged(step);
}

/** An answer that was given after the loss, whenever it comes: a lower bound of what its author had final before. */
export function onFinalHeight(step: Step, nodeId: NodeId, height: Height): void {
  const { state } = step;
  if (state.voteStore.type !== 'lost') return;
  if (!termOf(state).validators.some((validator) => validator.nodeId === nodeId)) return;
  state.finalHeights.set(nodeId, Math.max(height, state.finalHeights.get(nodeId) ?? 0) as Height);
  tryRaiseBarrier(step);
}

/** spec PBFT-T3: q weight of the others in this term, or all of them, have told the highest final height that they know. */
function tryRaiseBarrier(step: Step): void {
  const { state } = step;
  if (state.voteStore.type !== 'lost') return;
  const { validators, parameters, endHeight } = termOf(state);
  const { info, self } = state.termState;
  const others = weightWhere(info, (index) => index !== self);
  const answered = (index: number): boolean => state.finalHeights.has(validators[index]?.nodeId as NodeId);
  const weight = weightWhere(info, (index) => index !== self && answered(index));
  if (weight === 0 || (weight < info.quorum && weight < others)) return;
  let highest = stableOf(state);
  for (const validator of validators) {
    const answer = state.finalHeights.get(validator.nodeId);
    if (answer !== undefined && answer > highest) highest = answer;
  }
  const baseAbove = (highest + parameters.window) as Height;
  // The barrier counts for the very next term, which cannot start above it.
  if (endHeight <= baseAbove) return;
  cover(step, 'T3');
  state.voteStore = { type: 'barrier', baseAbove };
  persist(step, { type: 'vote-store', state: state.voteStore });
  markChanged(step);
}

/**
 * spec PBFT-T3: with a barrier from the members of the term just before, and a base above it, nothing that the lost store
 * knew can matter. Only those members count: they, and no earlier ones, signed the base, so had I voted on it, one of them
 * would have known a height at most a window below.
 */
export function onTermEntered(step: Step, previousTerm: Term): void {
  const { state } = step;
  const { voteStore } = state;
  if (voteStore.type === 'intact') return;
  if (voteStore.type === 'barrier') {
    const { term, baseHeight } = termOf(state);
    const isSafe = previousTerm + 1 === term && baseHeight > voteStore.baseAbove;
    state.voteStore = { type: isSafe ? 'intact' : 'lost' };
    persist(step, { type: 'vote-store', state: state.voteStore });
    if (isSafe) cover(step, 'T3');
  }
  tryRaiseBarrier(step);
}

/** On the slow tick: asks for what T3 still misses. */
export function askForVotingRight(step: Step): void {
  const { state } = step;
  const { self } = state.termState;
  if (self === undefined || state.stopped !== undefined) return;
  const others = termOf(state)
    .validators.filter((_, index) => index !== self)
    .map((validator) => validator.nodeId);
  const silent = others.filter((nodeId) => !state.acknowledged.has(nodeId));
  if (silent.length > 0) step.effects.push({ type: 'askAcknowledgement', of: silent });
  if (state.voteStore.type !== 'lost') return;
  const missing = others.filter((nodeId) => !state.finalHeights.has(nodeId));
  if (missing.length > 0) step.effects.push({ type: 'askFinalHeights', of: missing });
}
