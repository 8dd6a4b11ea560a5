import { assert, type NodeId, type Term } from '@hansa/primitives';
import { maxFaultyWeight, quorumWeight, totalWeight } from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admissionSnapshot,
  advanceTerm,
  decodeTermState,
  encodeTermState,
  genesisTermState,
  type NextRules,
  primaryOrder,
  type TermState,
} from '../src/index.ts';
import { block, GENESIS, nodeIdAt, parameters, registryOf, setOf } from './kit.ts';

const rules = (count = 4, over: Parameters<typeof parameters>[0] = { leaderPeriod: 10 }): NextRules => ({
  validators: setOf(count),
  parameters: parameters(over),
});
/** Blocks from the height after `from` up to `to`, each in view 0. */
function run(state: TermState, from: number, to: number, next: NextRules): TermState {
  let current = state;
  for (let at = from + 1; at <= to; at++) current = advanceTerm(current, block(current, at), next).state;
  return current;
}
const idsOf = (state: TermState): readonly NodeId[] =>
  state.info.primaryOrder.map((index) => state.info.validators[index]?.nodeId as NodeId);

describe('MEM-20, MEM-21: terms follow each other', () => {
  it('term 0 stands on genesis', () => {
    const { info, starter } = genesisTermState(rules(), GENESIS);
    expect(info).toMatchObject({ term: 0, baseHeight: 0, endHeight: 10, endScheduled: false });
    expect(info.validators).toEqual(setOf(4));
    expect(starter).toBe(nodeIdAt(0));
  });

  it('the block at the end begins the next term with what the state says then', () => {
    const genesis = genesisTermState(rules(), GENESIS);
    const before = run(genesis, 0, 9, rules());
    expect(before.info.term).toBe(0);
    const end = advanceTerm(before, block(before, 10), rules(5, { leaderPeriod: 20 }));
    expect(end.isTermEnd).toBe(true);
    expect(end.state.info).toMatchObject({ term: 1, baseHeight: 10, endHeight: 30, endScheduled: false });
    expect(end.state.info.baseProposalDigest).toBe(block(before, 10).proposalDigest);
    expect(end.state.info.validators).toEqual(setOf(5));
    expect(end.state).toMatchObject({ highestView: 0, proposers: [] });
  });

  it('refuses a block of another term', () => {
    const genesis = genesisTermState(rules(), GENESIS);
    expect(() => advanceTerm(genesis, block(genesis, 0), rules())).toThrow(/does not belong/);
    expect(() => advanceTerm(genesis, block(genesis, 11), rules())).toThrow(/does not belong/);
  });
});

describe('MEM-22: a change ends the term', () => {
  const long = rules(4, { leaderPeriod: 100, window: 8 });

  it('schedules the end a window ahead, once', () => {
    const changed = rules(5, { leaderPeriod: 100, window: 8 });
    const genesis = run(genesisTermState(long, GENESIS), 0, 3, long);
    const scheduled = advanceTerm(genesis, block(genesis, 4), changed).state;
    expect(scheduled.info).toMatchObject({ term: 0, endHeight: 12, endScheduled: true });
    // Neither another change nor taking it back moves the end.
    expect(run(scheduled, 4, 7, rules(3)).info.endHeight).toBe(12);
    const back = run(scheduled, 4, 12, long);
    expect(back.info).toMatchObject({ term: 1, baseHeight: 12 });
    expect(back.info.validators).toEqual(setOf(4));
  });

  it('a parameter alone does it, too', () => {
    const genesis = genesisTermState(long, GENESIS);
    const changed = rules(4, { leaderPeriod: 100, window: 8, minimumGasPrice: 1n });
    expect(advanceTerm(genesis, block(genesis, 1), changed).state.info).toMatchObject({
      endHeight: 9,
      endScheduled: true,
    });
  });

  it('a nearer natural end stays, and is marked', () => {
    const near = run(genesisTermState(long, GENESIS), 0, 95, long);
    const scheduled = advanceTerm(near, block(near, 96), rules(5)).state;
    expect(scheduled.info).toMatchObject({ endHeight: 100, endScheduled: true });
  });

  it('without a change nothing is scheduled', () => {
    expect(run(genesisTermState(long, GENESIS), 0, 99, long).info).toMatchObject({ term: 0, endScheduled: false });
  });
});

describe('MEM-23: rotation', () => {
  it('everybody heads it in turn', () => {
    let state = genesisTermState(rules(), GENESIS);
    const heads: NodeId[] = [];
    for (let term = 0; term < 8; term++) {
      heads.push(idsOf(state)[0] as NodeId);
      state = run(state, term * 10, term * 10 + 10, rules());
    }
    expect(heads).toEqual([0, 1, 2, 3, 0, 1, 2, 3].map(nodeIdAt));
  });

  it('goes on above a starter that has left', () => {
    const without = setOf(4).filter(({ nodeId }) => nodeId !== nodeIdAt(1));
    const state = run(genesisTermState(rules(), GENESIS), 0, 10, { ...rules(), validators: without });
    expect(state.starter).toBe(nodeIdAt(2));
    expect(idsOf(state)).toEqual([2, 3, 0].map(nodeIdAt));
  });

  it('is a permutation of the set, for any starter and any absent', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.nat(11),
        fc.subarray([0, 1, 2, 3, 4, 5]),
        fc.boolean(),
        (count, start, absent, isRetry) => {
          const order = primaryOrder(setOf(count), {
            starter: nodeIdAt(start),
            absent: absent.map((index) => ({ nodeId: nodeIdAt(index), since: 1 as Term })),
            isRetry,
          });
          expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        },
      ),
    );
  });
});

describe('MEM-24: the absent', () => {
  /** Term 0 in which the first primary is skipped. */
  const skipped = (): TermState => {
    let state = genesisTermState(rules(), GENESIS);
    for (let at = 1; at <= 10; at++) state = advanceTerm(state, block(state, at, 1), rules()).state;
    return state;
  };

  it('whose view was skipped comes last in the next term, and costs nothing', () => {
    const state = skipped();
    expect(state.absent).toEqual([{ nodeId: nodeIdAt(0), since: 1 }]);
    expect(idsOf(state)).toEqual([1, 2, 3, 0].map(nodeIdAt));
  });

  it('stays absent until it has a block, is tried first in every eighth term, and is forgotten when it leaves', () => {
    let state = skipped();
    let at = 10;
    while (state.info.term < 8) state = advanceTerm(state, block(state, ++at), rules()).state;
    expect(state.absent).toEqual([{ nodeId: nodeIdAt(0), since: 1 }]);
    expect(idsOf(state)[0]).toBe(nodeIdAt(0));
    const returned = run(state, at, at + 10, rules());
    expect(returned.absent).toEqual([]);
    let other = skipped();
    other = run(other, 10, 20, { ...rules(), validators: setOf(4).slice(1) });
    expect(other.absent).toEqual([]);
  });

  it('who has a block in the term is not absent, even if a view of his was skipped', () => {
    let state = genesisTermState(rules(), GENESIS);
    state = advanceTerm(state, block(state, 1, 0), rules()).state;
    for (let at = 2; at <= 10; at++) state = advanceTerm(state, block(state, at, 1), rules()).state;
    expect(state.absent).toEqual([]);
  });
});

describe('any history', () => {
  it('gives terms without a gap, the same on every node, also through its encoding', () => {
    const step = fc.record({ view: fc.nat(5), count: fc.integer({ min: 1, max: 7 }), hasChange: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
        let count = 4;
        let state = genesisTermState(rules(), GENESIS);
        let other = state;
        for (const [index, { view, count: wanted, hasChange }] of steps.entries()) {
          if (hasChange) count = wanted;
          const at = index + 1;
          const next = rules(count, { leaderPeriod: 10, window: 4 });
          const { info } = state;
          const advanced = advanceTerm(state, block(state, at, view), next);
          expect(advanced.isTermEnd).toBe(at === info.endHeight);
          if (advanced.isTermEnd) {
            expect(advanced.state.info).toMatchObject({ term: info.term + 1, baseHeight: at });
            expect(advanced.state.info.validators).toEqual(next.validators);
          } else {
            expect(advanced.state.info.endHeight).toBeGreaterThan(at);
            expect(advanced.state.info.endHeight).toBeLessThanOrEqual(info.endHeight);
            // No vote may stand above the end when it becomes known: it is at least a window away.
            if (advanced.state.info.endHeight !== info.endHeight)
              expect(advanced.state.info.endHeight).toBe(at + info.parameters.window);
          }
          const decoded = decodeTermState(encodeTermState(other));
          assert(decoded.ok, 'a term state decodes');
          other = advanceTerm(decoded.value, block(decoded.value, at, view), next).state;
          state = advanced.state;
          expect(encodeTermState(other)).toEqual(encodeTermState(state));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('MEM-30: who may connect', () => {
  it('the registered, and the validators of the term even when they were removed', () => {
    const registry = registryOf(3);
    const removed = { ...registry, nodes: registry.nodes.slice(1) };
    const inTerm = admissionSnapshot(removed, setOf(3));
    expect(inTerm.map(({ nodeId }) => nodeId)).toEqual([0, 1, 2].map(nodeIdAt));
    expect(admissionSnapshot(removed, setOf(3).slice(1)).map(({ nodeId }) => nodeId)).toEqual([1, 2].map(nodeIdAt));
  });
});

it('two quorums of one set always share more than the faulty weight (FMT-41)', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 12 }), (weights) => {
      const total = totalWeight(weights.map((weight, i) => ({ nodeId: nodeIdAt(i), weight, organisationId: 'o' })));
      const [quorum, faulty] = [quorumWeight(total), maxFaultyWeight(total)];
      expect(2 * quorum - total).toBeGreaterThan(faulty);
      expect(total - faulty).toBeGreaterThanOrEqual(quorum);
    }),
  );
});
