/** What the setting `execution.compiler` stands for: codes that are called often are compiled beside the blocks. */

import { initCrypto } from '@hansa/crypto';
import { compileHotCode } from '@hansa/executor';
import { expect, it } from 'vitest';
import { generateLoopingProgram } from '../src/fuzz/evm-program.ts';
import { differenceOf, generateScenario, runOn, scenarioOf } from '../src/fuzz/targets/evm-targets.ts';
import { Prng } from '../src/simulator/prng.ts';

await initCrypto();

it('compiles what was called 200 times, step by step, and the outcome stays the same', async () => {
  const scenario = scenarioOf(generateScenario(new Prng(5), generateLoopingProgram));
  let steps = 0;
  const pause = async (): Promise<void> => {
    steps++;
  };
  const first = await runOn('compiled', scenario);
  expect(await compileHotCode(pause)).toBe(false);
  for (let i = 0; i < 100; i++) await runOn('compiled', scenario);
  expect(await compileHotCode(pause)).toBe(true);
  expect(steps).toBeGreaterThan(1);
  while (await compileHotCode(pause));
  expect(differenceOf(first, await runOn('compiled', scenario))).toBeUndefined();
});
