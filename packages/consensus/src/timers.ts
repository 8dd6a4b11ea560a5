import { assert, type Height } from '@hansa/primitives';
import { weightWhere } from './quorum.ts';
import { castSuspect } from './safety.ts';
import {
  cover,
  highestVotable,
  markChanged,
  peerOf,
  type ReplicaState,
  type Step,
  stableOf,
  termOf,
  ticksOf,
} from './state.ts';
import { mayVote } from './voting-right.ts';

/** Ticks after which a view is suspected: T(k) = min(base · 1.5^k, cap), integers only (spec PBFT-V1). */
export function viewTimeoutTicks(state: ReplicaState, count: number = state.termState.viewChanges): number {
  const { viewTimeoutBaseMs, viewTimeoutCapMs } = termOf(state).parameters;
  const { viewTimeoutBaseMsMin, viewTimeoutCapMsMin } = state.config;
  const base = Math.max(viewTimeoutBaseMs, viewTimeoutBaseMsMin);
  const cap = Math.max(viewTimeoutCapMs, viewTimeoutCapMsMin, base);
  return ticksOf(state, backOffMs({ base, cap, count }));
}

/** base · 1.5^count, not above cap; rounded down at each step. */
export function backOffMs(options: { readonly base: number; readonly cap: number; readonly count: number }): number {
  const { base, cap, count } = options;
  assert(base > 0 && cap >= base, `a cap not below the base was expected, got ${base} and ${cap}`);
  let ms = base;
  for (let i = 0; i < count && ms < cap; i++) {
    const tripled = ms * 3;
    ms = Math.max(ms + 1, (tripled - (tripled % 2)) / 2);
  }
  return Math.min(ms, cap);
}

/**
 * A height was decided (or became final by sync): patience starts anew, and my suspicion of this height is void. What
 * the view changes have taught is forgotten step by step, and only by decisions that come quickly: where all machines
 * are slow, a time-out that fell back to its base at each decision would change the view for every block.
 */
export function restartViewTimer(step: Step): void {
  const { termState } = step.state;
  const isQuick = termState.timerTicks * 2 <= viewTimeoutTicks(step.state, 0);
  if (isQuick && termState.viewChanges > 0) termState.viewChanges -= 1;
  termState.timerTicks = 0;
  termState.transactionsResent = false;
  if (termState.ownSuspect?.reason === 'timer') termState.ownSuspect = undefined;
}

/** True while the view timer runs. */
export function isTimerRunning(state: ReplicaState): boolean {
  const { termState } = state;
  if (!mayVote(state)) return false;
  if (termState.changing) {
    // spec PBFT-V5: alone in a high view, a minority only resends.
    return weightAt(state) >= termState.info.quorum;
  }
  // spec PBFT-V1: counted from the decided height, so slow execution never costs a view.
  const next = termState.decidedHeight + 1;
  return next <= highestVotable(state) && hasOpenOrder(state) && !isBehindFinal(state);
}

/** The order has something to do. */
function hasOpenOrder(state: ReplicaState): boolean {
  const { termState, pool } = state;
  if (pool.hasWaiting || termOf(state).endScheduled) return true;
  if ((termState.tip?.height ?? 0) > termState.decidedHeight) return true;
  for (const height of termState.ownPrepares.keys()) if (height > termState.decidedHeight) return true;
  for (const height of termState.candidates.keys()) if (height > termState.decidedHeight) return true;
  for (const height of termState.certificates.keys()) if (height > termState.decidedHeight) return true;
  return false;
}

/** More than F say that they are further, or a quorum has signed a result that is not decided here: sync repairs that. */
export function isBehindFinal(state: ReplicaState): boolean {
  const { info, decidedHeight, results } = state.termState;
  const weight = weightWhere(info, (index) => (peerOf(state, index).status?.stableHeight ?? 0) > decidedHeight);
  if (weight > info.maxFaulty) return true;
  for (const [height, votes] of results) if (height > decidedHeight && votes.quorumDigest() !== undefined) return true;
  return false;
}

/** One tick of the view timer (spec PBFT-V1, PBFT-V5). */
export function advanceViewTimer(step: Step, ticks: number): void {
  const { state } = step;
  const { termState } = state;
  termState.timerRuns = isTimerRunning(state);
  if (!termState.timerRuns) {
    termState.timerTicks = 0;
    termState.transactionsResent = false;
    return;
  }
  const limit = viewTimeoutTicks(state);
  termState.timerTicks = Math.min(limit, termState.timerTicks + ticks);
  if (termState.timerTicks * 2 >= limit && !termState.transactionsResent && !termState.changing) {
    termState.transactionsResent = true;
    if (state.pool.hasWaiting) step.effects.push({ type: 'resendTransactions' });
  }
  if (termState.timerTicks < limit || termState.ownSuspect !== undefined) return;
  cover(step, termState.changing ? 'V5' : 'V1');
  suspect(step, termState.decidedHeight, 'timer');
}

/**
 * spec PBFT-V2: censorship, once per view. The SUSPECT names the end of the term: it is about the view, whatever is
 * still decided in it, and one that named the decided height would be void one block later.
 */
export function tryAccuseCensorship(step: Step): void {
  const { state } = step;
  const { termState, pool } = { termState: state.termState, pool: state.pool };
  const accused = pool.overtakenIn;
  if (termState.changing || !mayVote(state)) return;
  if (accused?.term !== termOf(state).term || accused.view !== termState.view) {
    // It was ordered after all: nothing to complain of any more, and nothing to resend for ever.
    if (termState.ownSuspect?.reason === 'overtaken') termState.ownSuspect = undefined;
    return;
  }
  if (termState.accusedView === termState.view) return;
  termState.accusedView = termState.view;
  cover(step, 'V2');
  suspect(step, termOf(state).endHeight, 'overtaken');
}

function suspect(step: Step, decidedHeight: Height, reason: 'timer' | 'overtaken'): void {
  const { termState } = step.state;
  termState.ownSuspect = { view: termState.view, decidedHeight, reason };
  castSuspect(step, decidedHeight);
  markChanged(step);
}

/**
 * More than F weight, counting me, stands in my view or above. Without them nobody can use my VIEW-CHANGE: my STATUS says
 * where I stand, and I send it again when they come (spec PBFT-R1).
 */
export function isViewBacked(state: ReplicaState): boolean {
  return weightAt(state) > state.termState.info.maxFaulty;
}

/** Weight that stands in my view or above, counting me. */
function weightAt(state: ReplicaState): number {
  const { info, self, view } = state.termState;
  return weightWhere(info, (index) => index === self || peerOf(state, index).view >= view);
}

/** Something is unfinished: the slow tick stays fast (spec PBFT-R1). */
export function isOpen(state: ReplicaState): boolean {
  const { termState } = state;
  const stable = stableOf(state);
  if (termState.self === undefined) return false;
  if (
    (termState.changing && isViewBacked(state)) ||
    termState.ownSuspect !== undefined ||
    termState.decidedHeight > stable
  )
    return true;
  if ((termState.tip?.height ?? 0) > stable || termState.ownPrepares.size > 0 || termState.ownResults.size > 0)
    return true;
  return termState.candidates.size > 0 || state.pool.hasWaiting || !mayVote(state);
}
