/** The calls that the fuzzer makes of real contracts get somewhere: most functions end well in some of them. */
import { initCrypto } from '@hansa/crypto';
import { expect, it } from 'vitest';
import { contractWorld, nextBlock } from '../src/fuzz/contracts/world.ts';
import { callsOf, evmContractTargets } from '../src/fuzz/targets/evm-contract-targets.ts';
import { Prng } from '../src/simulator/prng.ts';

const BLOCK_COUNT = 300;
/** What needs a signature, or another one to be called first: chance finds it in minutes, not here. */
const RARE = [
  'permit',
  'upgradeToAndCall',
  'initialize',
  'start',
  'onFlash',
  'unpause',
  'safeTransferFrom',
  'hand',
  'revoke',
];

it('calls of contracts succeed, fail and are left out', async () => {
  await initCrypto();
  const world = await contractWorld();
  const [target] = evmContractTargets();
  const prng = new Prng(1);
  const succeeded = new Set<string>();
  const called = new Set<string>();
  const counts = { succeeded: 0, failed: 0, leftOut: 0 };
  for (let i = 0; i < BLOCK_COUNT; i++) {
    const calls = callsOf(world, target?.generate(prng) ?? new Uint8Array(0));
    const { block } = await nextBlock(world.head, calls);
    counts.leftOut += block.body.leftOut.length;
    const left = new Set(block.body.leftOut.map(({ position }) => position));
    const executed = calls.filter((_, position) => !left.has(position));
    for (const [at, { to, data }] of executed.entries()) {
      const isDone = block.receipts[at]?.status === 1;
      counts[isDone ? 'succeeded' : 'failed']++;
      const functions = world.contracts.find(({ address }) => address === to)?.functions ?? [];
      const selector = Buffer.from(data.subarray(0, 4)).toString('hex');
      const name = functions.find((each) => each.selector === selector)?.name;
      if (name === undefined) continue;
      called.add(name);
      if (isDone) succeeded.add(name);
    }
  }
  expect(counts.succeeded).toBeGreaterThan(BLOCK_COUNT);
  expect(counts.failed).toBeGreaterThan(BLOCK_COUNT);
  expect(counts.leftOut).toBeGreaterThan(0);
  expect([...called].filter((name) => !succeeded.has(name) && !RARE.includes(name))).toEqual([]);
}, 60_000);
