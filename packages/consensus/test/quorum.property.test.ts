import { toHashHex, type ValidatorIndex } from '@hansa/primitives';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createQuorumInfo, maxFaultyWeight, quorumWeight, signersWeight, VoteSet } from '../src/quorum.ts';
import { sha } from './cluster.ts';

const digest = (n: number) => toHashHex(sha(`digest ${n}`));
const signature = (n: number): Uint8Array => new Uint8Array(64).fill(n);

describe('quorum arithmetic', () => {
  test('the table of docs/spec/pbft.md: q of N = 1 to 7', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(quorumWeight)).toEqual([1, 2, 2, 3, 4, 4, 5]);
    expect([1, 2, 3, 4, 5, 6, 7].map(maxFaultyWeight)).toEqual([0, 0, 0, 1, 1, 1, 2]);
  });

  test('two quorums share more than F, and the honest form a quorum', () => {
    const check = (total: number): void => {
      const [f, q] = [maxFaultyWeight(total), quorumWeight(total)];
      expect(2 * q - total).toBeGreaterThan(f);
      expect(total - f).toBeGreaterThanOrEqual(q);
      expect(3 * f).toBeLessThan(total);
      expect(3 * (f + 1)).toBeGreaterThanOrEqual(total);
    };
    for (let total = 1; total <= 400; total++) check(total);
    fc.assert(fc.property(fc.integer({ min: 1, max: 100 * 1_000_000 }), check));
  });

  test('all subsets of all small weighted sets: two quorums meet in more than F weight', () => {
    const weights = [
      [1, 1, 1, 1],
      [3, 1, 1, 1, 1],
      [2, 2, 1, 1, 1, 1, 1],
      [5, 1, 1],
      [1, 2, 3, 4],
    ];
    for (const set of weights) {
      const info = createQuorumInfo(set);
      const weightOf = (bits: number): number => set.reduce((sum, w, i) => sum + (bits & (1 << i) ? w : 0), 0);
      for (let a = 0; a < 1 << set.length; a++) {
        for (let b = 0; b < 1 << set.length; b++) {
          if (weightOf(a) < info.quorum || weightOf(b) < info.quorum) continue;
          expect(weightOf(a & b)).toBeGreaterThan(info.maxFaulty);
        }
      }
    }
  });

  test.each([[[]], [[0]], [[1, -1]], [[1.5]]])('no set of weights %j', (weights) => {
    expect(() => createQuorumInfo(weights)).toThrow();
  });
});

describe('vote sets', () => {
  test('each validator counts once, whatever it sends, and for its first digest', () => {
    const votes = fc.array(fc.record({ index: fc.nat(6), choice: fc.nat(2) }), { maxLength: 60 });
    fc.assert(
      fc.property(votes, (sent) => {
        const info = createQuorumInfo([1, 2, 3, 1, 1, 4, 1]);
        const set = new VoteSet(info);
        const first = new Map<number, number>();
        for (const { index, choice } of sent) {
          const known = first.get(index);
          const outcome = set.add(index as ValidatorIndex, digest(choice), signature(index));
          expect(outcome).toBe(known === undefined ? 'added' : known === choice ? 'duplicate' : 'conflict');
          if (known === undefined) first.set(index, choice);
        }
        for (const choice of [0, 1, 2]) {
          const voters = [...first].filter(([, made]) => made === choice).map(([index]) => index);
          const weight = voters.reduce((sum, index) => sum + (info.weights[index] ?? 0), 0);
          expect(set.weightOf(digest(choice))).toBe(weight);
          expect(set.signaturesFor(digest(choice)).map(({ index }) => index)).toEqual(voters.sort((a, b) => a - b));
          expect(set.quorumDigest() === digest(choice)).toBe(weight >= info.quorum);
        }
      }),
    );
  });

  test('a vote of a stranger is a fault of the program', () => {
    expect(() => new VoteSet(createQuorumInfo([1])).add(1 as ValidatorIndex, digest(0), signature(0))).toThrow();
  });

  test('signers count by strictly increasing index only, and members only', () => {
    const info = createQuorumInfo([1, 2, 4]);
    const at = (...indices: number[]) => indices.map((index) => ({ index: index as ValidatorIndex }));
    expect(signersWeight(info, at(0, 2))).toBe(5);
    expect(signersWeight(info, at(2, 0))).toBeUndefined();
    expect(signersWeight(info, at(0, 0))).toBeUndefined();
    expect(signersWeight(info, at(0, 3))).toBeUndefined();
    expect(signersWeight(info, [])).toBe(0);
  });
});
