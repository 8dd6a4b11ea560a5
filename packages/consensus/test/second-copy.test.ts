/** docs/spec/pbft.md, section 8: somebody else votes with my key. */
import type { Term, ValidatorIndex } from '@hansa/primitives';
import type { PbftMessage, Verified } from '@hansa/protocol';
import { describe, expect, test } from 'vitest';
import { Cluster, NO_SIGNATURE } from './cluster.ts';
import { give, height, message, reportsOf, sentBy, started, strange, view } from './messages.ts';

const cluster = new Cluster();
const { proposal, digest } = strange(cluster);
const at = { view: view(0), height: height(1), digest };
const claimsFor = (value: number): Verified<PbftMessage> =>
  message('new-view', 1, {
    view: view(value),
    claims: [0, 1, 2].map((sender) => ({
      term: 0 as Term,
      sender: sender as ValidatorIndex,
      view: view(value),
      claim: undefined,
      signature: NO_SIGNATURE,
    })),
    certificate: undefined,
  });

const CASES: readonly { readonly name: string; readonly index: number; readonly own: Verified<PbftMessage> }[] = [
  { name: 'PROPOSAL', index: 0, own: message('proposal', 0, { view: view(0), proposal, digest }) },
  { name: 'PREPARE', index: 1, own: message('prepare', 1, at) },
  { name: 'COMMIT', index: 1, own: message('commit', 1, at) },
  { name: 'RESULT', index: 1, own: message('result', 1, { height: height(1), blockHash: digest }) },
  {
    name: 'VIEW-CHANGE',
    index: 1,
    own: message('view-change', 1, { view: view(1), claim: undefined, certificate: undefined }),
  },
  { name: 'NEW-VIEW', index: 1, own: claimsFor(1) },
];

describe('PBFT-S7: a vote of mine that I did not send silences me for good:', () => {
  test.each(CASES)('$name', ({ index, own }) => {
    const four = started(new Cluster());
    give(four, index, own);
    expect(four.replica(index).status.silence).toBe('second copy');
    expect(reportsOf(four, index, 'secondCopy')).toHaveLength(1);
    const effects = give(four, index);
    four.submit(2);
    four.tick(40);
    expect(new Set(sentBy(effects))).toEqual(new Set(['status']));
    // The three others go on.
    expect(four.headOf(four.node(3)).height).toBeGreaterThan(0);
  });

  test.each(CASES)('$name, but not when my own votes were lost: they are strange to me', ({ index, own }) => {
    const four = started(new Cluster());
    four.crash(index);
    four.node(index).lostStore = true;
    four.node(index).held.add('askFinalHeights');
    four.start(four.node(index));
    give(four, index, own);
    expect(four.replica(index).status.silence).toBe('vote store lost');
    expect(reportsOf(four, index, 'secondCopy')).toEqual([]);
  });

  test('a NEW-VIEW of the view that I opened, with other claims', () => {
    const four = started(new Cluster());
    const opened: Verified<PbftMessage>[] = [];
    four.filters.set('watch', ({ message: sent }) => {
      if (sent.type === 'new-view') opened.push(sent);
      return false;
    });
    four.crash(0);
    four.submit(1);
    four.tick(40);
    const own = opened[0];
    if (own?.type !== 'new-view') throw new Error('a NEW-VIEW was expected');
    give(four, 1, own);
    expect(four.replica(1).status).toMatchObject({ view: 1, silence: undefined });
    give(four, 1, { ...own, claims: [] } as typeof own);
    expect(four.replica(1).status.silence).toBe('second copy');
  });
});
