/** Two messages that an honest validator never signs both are kept as evidence, once, and change nothing else. */
import type { PbftMessage, Verified } from '@hansa/protocol';
import { describe, expect, test } from 'vitest';
import { onProposal } from '../src/normal-case.ts';
import { Cluster } from './cluster.ts';
import { certificate, give, height, message, reportsOf, started, strange, view } from './messages.ts';
import { setUp } from './step.ts';

const cluster = new Cluster();
const [one, two] = [strange(cluster), strange(cluster, { timestamp: cluster.genesisHead().timestamp + 2 })];
const at = { view: view(0), height: height(1) };
const claim = { ...at, digest: one.digest };

const PAIRS: Readonly<Record<string, readonly [Verified<PbftMessage>, Verified<PbftMessage>]>> = {
  proposal: [message('proposal', 0, { view: view(0), ...one }), message('proposal', 0, { view: view(0), ...two })],
  prepare: [message('prepare', 0, { ...at, digest: one.digest }), message('prepare', 0, { ...at, digest: two.digest })],
  commit: [message('commit', 0, { ...at, digest: one.digest }), message('commit', 0, { ...at, digest: two.digest })],
  result: [
    message('result', 0, { height: height(1), blockHash: one.digest }),
    message('result', 0, { height: height(1), blockHash: two.digest }),
  ],
  'view-change': [
    message('view-change', 0, { view: view(5), claim: undefined, certificate: undefined }),
    message('view-change', 0, { view: view(5), claim, certificate: certificate(claim) }),
  ],
};

describe('FMT-72: evidence', () => {
  test.each(Object.keys(PAIRS))('of two contradicting messages of kind %s is reported once, with both', (kind) => {
    const four = started(new Cluster());
    const [first, second] = PAIRS[kind] as readonly [Verified<PbftMessage>, Verified<PbftMessage>];
    give(four, 2, first, first, second, second, first);
    expect(reportsOf(four, 2, 'evidence')).toEqual([
      { type: 'evidence', kind, sender: 0, nodeId: four.node(0).nodeId, first, second },
    ]);
    expect(four.replica(2).status.silence).toBeUndefined();
  });

  test('of two NEW-VIEWs of the primary of my view; nobody else’s can contradict it', () => {
    const four = started(new Cluster());
    const opened: Verified<PbftMessage>[] = [];
    four.filters.set('watch', ({ message: sent }) => {
      if (sent.type === 'new-view') opened.push(sent);
      return false;
    });
    four.crash(0);
    four.submit(1);
    four.tick(40);
    const first = opened[0];
    if (first?.type !== 'new-view') throw new Error('a NEW-VIEW was expected');
    expect(four.replica(2).status.view).toBe(1);
    const claims = first.claims.map((signed, i) => (i === 0 ? { ...signed, claim } : signed));
    const second = { ...first, claims } as typeof first;
    // The same claims with another certificate are no second NEW-VIEW: the certificate is not signed.
    give(four, 2, { ...first, certificate: certificate(claim) } as typeof first);
    give(four, 2, { ...second, sender: 3 } as unknown as typeof first);
    expect(reportsOf(four, 2, 'evidence')).toEqual([]);
    give(four, 2, second);
    give(four, 2, { ...first, claims: first.claims.slice(1) } as typeof first);
    expect(reportsOf(four, 2, 'evidence')).toMatchObject([{ kind: 'new-view', sender: 1, first, second }]);
  });

  test('needs both messages: of a first one that was given up nothing is said', () => {
    const step = setUp(2);
    step.state.termState.candidates.set(height(1), one.digest);
    onProposal(step, PAIRS['proposal']?.[1] as never);
    expect(step.effects).toEqual([]);
    expect(step.state.termState.proposals.size).toBe(0);
  });
});
