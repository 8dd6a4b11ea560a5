/** What a set of validators can bear, and which changes take something from it. */

import { maxFaultyWeight, quorumWeight } from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assess, blockingGovernors, decidingGovernors, effectOf, type Rules } from '../src/index.ts';
import { committeeOf, parameters, setOf, weighed } from './kit.ts';

const rules = (over: Partial<Rules> = {}): Rules => ({
  validators: setOf(4),
  committee: committeeOf(4),
  parameters: parameters(),
  ...over,
});

describe('GOV-30: assessment of a set', () => {
  it.each([
    [1, 1, 0, 0],
    [2, 2, 0, 0],
    [3, 2, 0, 1],
    [4, 3, 1, 1],
    [5, 4, 1, 1],
    [6, 4, 1, 2],
    [7, 5, 2, 2],
    [10, 7, 3, 3],
  ])(
    'GOV-30: %d equal validators decide with %d, tolerate %d liars and %d absent ones',
    (count, quorum, faults, absences) => {
      expect(assess(setOf(count))).toMatchObject({
        validatorCount: count,
        totalWeight: count,
        quorumWeight: quorum,
        toleratedFaults: faults,
        toleratedAbsences: absences,
      });
    },
  );

  it('GOV-30: the heaviest decide what is tolerated', () => {
    expect(assess(weighed(3, 1, 1, 1, 1))).toMatchObject({
      totalWeight: 7,
      quorumWeight: 5,
      toleratedFaults: 0,
      toleratedAbsences: 0,
    });
    expect(assess(weighed(2, 2, 2, 1, 1, 1, 1))).toMatchObject({
      totalWeight: 10,
      quorumWeight: 7,
      toleratedFaults: 1,
      toleratedAbsences: 1,
    });
  });

  it('GOV-30: who alone and in pairs could stop the chain', () => {
    expect(assess(setOf(4))).toMatchObject({ blockingAlone: [], blockingPairCount: 6 });
    expect(assess(weighed(2, 1, 1, 1))).toMatchObject({
      blockingAlone: ['org0'],
      blockingPairs: [
        ['org1', 'org2'],
        ['org1', 'org3'],
        ['org2', 'org3'],
      ],
    });
    expect(assess(setOf(7))).toMatchObject({ blockingAlone: [], blockingPairCount: 0, blockingPairs: [] });
    const two = setOf(7).map((validator, i) => ({ ...validator, organisationId: i < 2 ? 'big' : `org${i}` }));
    expect(assess(two)).toMatchObject({ blockingAlone: [], blockingPairCount: 5 });
    const wide = assess(
      setOf(8).map((validator, i) => ({ ...validator, organisationId: `o${i}`, weight: i < 7 ? 2 : 1 })),
    );
    expect(wide.blockingPairs.length).toBeLessThanOrEqual(16);
    // Two of ten and eleven of one: each of the two with anybody, and both together.
    const heavy = assess(weighed(10, 10, ...Array.from({ length: 11 }, () => 1)));
    expect([heavy.blockingAlone, heavy.blockingPairs.length, heavy.blockingPairCount]).toEqual([[], 16, 23]);
  });

  it('GOV-30: holds by its definition for any weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 9 }), (weights) => {
        const set = weighed(...weights);
        const found = assess(set);
        const total = weights.reduce((a, b) => a + b, 0);
        const heaviest = [...weights].sort((a, b) => b - a);
        const sum = (count: number): number => heaviest.slice(0, count).reduce((a, b) => a + b, 0);
        expect(sum(found.toleratedFaults)).toBeLessThanOrEqual(maxFaultyWeight(total));
        if (found.toleratedFaults < weights.length)
          expect(sum(found.toleratedFaults + 1)).toBeGreaterThan(maxFaultyWeight(total));
        expect(total - sum(found.toleratedAbsences)).toBeGreaterThanOrEqual(quorumWeight(total));
        for (const [i, weight] of weights.entries())
          expect(found.blockingAlone.includes(`org${i}`)).toBe(total - weight < quorumWeight(total));
      }),
    );
  });
});

describe('GOV-31, GOV-32: what a change takes away', () => {
  it('GOV-31: nothing, when it makes nothing worse', () => {
    expect(effectOf(rules(), rules({ validators: setOf(5) })).risks).toEqual([]);
    expect(
      effectOf(
        rules({ validators: setOf(1), committee: committeeOf(1) }),
        rules({ validators: setOf(2), committee: committeeOf(1) }),
      ).risks,
    ).toEqual(['org1 alone could stop the chain']);
  });

  it('GOV-31: the last tolerated fault, the last tolerated absence', () => {
    expect(effectOf(rules(), rules({ validators: setOf(3) })).risks).toEqual([
      'no faulty validator is tolerated any more',
    ]);
    expect(effectOf(rules({ validators: setOf(3) }), rules({ validators: setOf(2) })).risks).toEqual([
      'no validator may be away any more',
      'org0 alone could stop the chain',
      'org1 alone could stop the chain',
    ]);
  });

  it('GOV-31: an organisation that gains a blocking weight', () => {
    expect(effectOf(rules(), rules({ validators: weighed(2, 1, 1, 1) })).risks).toEqual([
      'no faulty validator is tolerated any more',
      'no validator may be away any more',
      'org0 alone could stop the chain',
    ]);
  });

  it('GOV-32: a governor that could prevent or decide everything alone', () => {
    expect(blockingGovernors(committeeOf(4))).toEqual([]);
    expect(blockingGovernors(committeeOf(4, { participationRate: 100 }))).toHaveLength(4);
    expect(blockingGovernors(committeeOf(4, { winRate: 80 }))).toHaveLength(4);
    expect(decidingGovernors(committeeOf(1))).toEqual([]);
    expect(decidingGovernors(committeeOf(4))).toEqual([]);
    expect(decidingGovernors(committeeOf(4, { participationRate: 25 }))).toHaveLength(4);
    const heavy = committeeOf(2, {
      governors: [
        { organisationId: 'org0', weight: 9 },
        { organisationId: 'org1', weight: 1 },
      ],
    });
    expect(decidingGovernors(heavy)).toEqual(['org0']);
    expect(effectOf(rules(), rules({ committee: committeeOf(4, { participationRate: 100 }) })).risks).toEqual([
      'org0 alone could prevent every decision',
      'org1 alone could prevent every decision',
      'org2 alone could prevent every decision',
      'org3 alone could prevent every decision',
    ]);
    expect(effectOf(rules(), rules({ committee: committeeOf(4, { participationRate: 10 }) })).risks).toHaveLength(4);
  });

  it('GOV-32: parameters with which validators of good will may fail to make blocks', () => {
    const risks = (over: Parameters<typeof parameters>[0]): readonly string[] =>
      effectOf(rules(), rules({ parameters: parameters(over) })).risks;
    expect(risks({ clockSkewMs: 999 })).toEqual(['hansa_clock_skew_ms could stop the chain']);
    expect(risks({ clockSkewMs: 1_000 })).toEqual([]);
    expect(risks({ viewTimeoutBaseMs: 499 })).toEqual(['hansa_view_timeout_base_ms could stop the chain']);
    expect(risks({ viewTimeoutCapMs: 30_001 })).toEqual(['hansa_view_timeout_cap_ms could stop the chain']);
    const bad = rules({ parameters: parameters({ clockSkewMs: 100 }) });
    expect(effectOf(bad, bad).risks).toEqual([]);
  });
});
