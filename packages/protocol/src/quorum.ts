import { assert } from '@hansa/primitives';
import type { ValidatorSet } from './validator-set.ts';

/** Faulty weight that a set of total weight N tolerates: F = floor((N − 1) / 3) (spec FMT-41). */
export function maxFaultyWeight(total: number): number {
  assert(Number.isSafeInteger(total) && total > 0, `a total weight from 1 was expected, got ${total}`);
  return Math.floor((total - 1) / 3);
}

/** Weight that decides: q = floor((N + F) / 2) + 1 (spec FMT-41). */
export function quorumWeight(total: number): number {
  return Math.floor((total + maxFaultyWeight(total)) / 2) + 1;
}

export function totalWeight(validators: ValidatorSet): number {
  let total = 0;
  for (const validator of validators) total += validator.weight;
  return total;
}
