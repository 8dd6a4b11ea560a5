import { expect, test } from 'vitest';
import { exploreModel } from '../src/model/explore.ts';
import { MODEL_MUTANTS, SPEC_RULES } from '../src/model/rules.ts';

test('every run of the model over two views agrees', { timeout: 60_000 }, () => {
  const { fork, isComplete, states } = exploreModel(SPEC_RULES, { views: 2, heights: 2, variants: [1] });
  expect({ fork, isComplete }).toEqual({ fork: undefined, isComplete: true });
  expect(states).toBeGreaterThan(1_000);
});

test.each([
  'quorum minus one',
  'tip not recomputed',
  'ancestors re-voted one by one',
  'highest height instead of highest (view, height)',
  'vote below the view',
  'COMMIT without keeping the certificate',
  'tip forgotten at restart',
])('the model forks: %s', (name) => {
  const mutant = MODEL_MUTANTS.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`no broken rule is called ${name}`);
  const { fork } = exploreModel(mutant.rules, { views: 3, heights: 2, variants: [1], statesMax: 20_000 });
  expect(fork?.at(-1)).toMatch(/^decided at height \d: block \d+ .* and block \d+/);
});
