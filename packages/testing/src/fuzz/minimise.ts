/** A smaller input with a fault of the same kind, for people to read. */
import { concatBytes } from '@hansa/primitives';
import { execute, type FaultKind, memoryFault } from './execute.ts';
import type { FuzzTarget } from './target.ts';

const TRIAL_COUNT_MAX = 400;
const TRIAL_MS_MAX = 3_000;

export async function minimise(target: FuzzTarget, kind: FaultKind, input: Uint8Array): Promise<Uint8Array> {
  let best = input;
  let trialCount = 0;
  const endMs = performance.now() + TRIAL_MS_MAX;
  const isFaulty = async (candidate: Uint8Array): Promise<boolean> => {
    trialCount += performance.now() < endMs ? 1 : TRIAL_COUNT_MAX;
    if (kind === 'memory') return (await memoryFault(target, candidate)) !== undefined;
    return (await execute(target, candidate)).fault?.kind === kind;
  };
  for (let size = best.length >> 1; size >= 1 && trialCount < TRIAL_COUNT_MAX; size >>= 1) {
    for (let at = 0; at < best.length && trialCount < TRIAL_COUNT_MAX; ) {
      const candidate = concatBytes(best.subarray(0, at), best.subarray(at + size));
      if (await isFaulty(candidate)) best = candidate;
      else at += size;
    }
  }
  for (let at = 0; at < best.length && trialCount < TRIAL_COUNT_MAX; at++) {
    if (best[at] === 0) continue;
    const candidate = new Uint8Array(best);
    candidate[at] = 0;
    if (await isFaulty(candidate)) best = candidate;
  }
  return best;
}
