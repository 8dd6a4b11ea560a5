import { expect, test } from 'vitest';
import { runChaos } from './chaos.ts';

const FIRST = Number(process.env['HANSA_CHAOS_FIRST'] ?? 1);
const COUNT = Number(process.env['HANSA_CHAOS_SEEDS'] ?? 15);

test('random loss, partitions and crashes: no fork, no double vote, and the chain comes back', () => {
  const worst: number[] = [];
  const rules = new Map<string, number>();
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    try {
      const { ticksToHeal, cluster } = runChaos(seed);
      worst.push(ticksToHeal);
      for (const [rule, count] of cluster.rules) rules.set(rule, (rules.get(rule) ?? 0) + count);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  worst.sort((a, b) => a - b);
  if (process.env['HANSA_CHAOS_SEEDS'] !== undefined)
    console.log(
      `median ${worst[worst.length >> 1]} max ${worst.at(-1)} ticks`,
      [...rules]
        .sort()
        .map(([r, c]) => `${r}:${c}`)
        .join(' '),
    );
  expect((worst.at(-1) ?? 0) * 50).toBeLessThanOrEqual(30_000);
}, 120_000);
