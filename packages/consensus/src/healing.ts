import type { Height } from '@hansa/primitives';
import type { PbftReport } from './effect.ts';
import type { PbftInput } from './input.ts';
import { cover, markChanged, type Step, stableOf, stopVoting } from './state.ts';

/** From one that diverges again and again nobody learns anything: its operator is to look at the machine. */
const HEALED_COUNT_MAX = 3;

type Content = Omit<Extract<PbftReport, { type: 'divergence' }>, 'type'>;

/** spec PBFT-N7: my result is not the quorum's. Nothing is voted on until `tryHeal`. */
export function diverge(step: Step, content: Content): void {
  const { state } = step;
  const { ownResults } = state.termState;
  if (state.stopped === undefined) {
    // What was executed above it stood on the wrong state.
    const disownedTo = Math.max(content.height, state.divergence.disownedTo, ...ownResults.keys()) as Height;
    state.divergence = { ...state.divergence, height: content.height, disownedTo };
  }
  stopVoting(step, 'diverged', { type: 'divergence', ...content });
}

/** The ledger could not take a block that a quorum has certified. */
export function onDiverged(step: Step, input: Extract<PbftInput, { type: 'diverged' }>): void {
  if (input.height <= stableOf(step.state)) return;
  if (step.state.stopped === undefined) cover(step, 'N7');
  const { height, digest, ownBlockHash, certificate } = input;
  diverge(step, { height, digest, ownBlockHash, quorumBlockHash: certificate.blockHash, certificate });
}

/**
 * The ledger holds the block that differed, so executing it again has given the certified result: what was executed
 * above it is done again, and this replica votes again (spec PBFT-N7).
 */
export function tryHeal(step: Step): void {
  const { state } = step;
  const { divergence, termState } = state;
  if (state.stopped !== 'diverged' && state.stopped !== 'nondeterminism') return;
  if (stableOf(state) < divergence.height || divergence.healedCount >= HEALED_COUNT_MAX) return;
  if (state.stopped === 'diverged') {
    termState.executed.clear();
    termState.executeSent = stableOf(state);
  }
  state.stopped = undefined;
  state.divergence = { ...divergence, healedCount: divergence.healedCount + 1 };
  markChanged(step);
}
