/** What only more than F liars can bring about: the replica stops voting at once and says why. */
import type { HashHex } from '@hansa/primitives';
import { expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { give, height, message, passedOn, reportsOf, sentBy, started, strange, view, watch } from './messages.ts';

/** Height 1 is prepared by all of four and final with nobody; `decided`: it is decided too. */
function prepared({ decided }: { readonly decided: boolean }): { readonly cluster: Cluster; readonly digest: HashHex } {
  const cluster = started(new Cluster());
  const later = decided ? ['result'] : ['commit', 'result'];
  cluster.filters.set('later', ({ message: sent }) => later.includes(sent.type));
  cluster.submit(1);
  cluster.deliver();
  const digest = [...cluster.proposals.keys()][0] as HashHex;
  expect(cluster.replica(2).status.decidedHeight).toBe(decided ? 1 : 0);
  return { cluster, digest };
}

function expectStopped(cluster: Cluster, rule: string): void {
  expect(cluster.replica(2).status.silence).toBe('safety violation');
  expect(reportsOf(cluster, 2, 'safetyViolation')).toMatchObject([{ rule }]);
  const effects = watch(cluster, 2);
  cluster.filters.clear();
  cluster.submit(1);
  cluster.tick(40);
  expect(new Set(sentBy(effects))).toEqual(new Set(['status']));
}

test('PBFT-N4: a decided proposal that another certificate names at another height', () => {
  const { cluster, digest } = prepared({ decided: true });
  give(cluster, 2, passedOn('commit', { height: 2, digest }));
  expectStopped(cluster, 'N4');
});

test('PBFT-N4: a certified chain with another proposal where one is decided', () => {
  const { cluster } = prepared({ decided: true });
  const below = strange(cluster);
  const above = strange(cluster, { height: height(2), parentDigest: below.digest, timestamp: 2 });
  give(cluster, 2, passedOn('commit', { height: 2, digest: above.digest }));
  expect(cluster.replica(2).status.silence).toBeUndefined();
  for (const body of [above, below]) cluster.give(cluster.node(2), { type: 'body', ...body });
  expectStopped(cluster, 'N4');
});

test('PBFT-N4: counted COMMITs for something else than what was decided', () => {
  const { cluster, digest } = prepared({ decided: false });
  const other = strange(cluster);
  give(cluster, 2, passedOn('commit', { height: 1, digest }));
  expect(cluster.replica(2).status.decidedHeight).toBe(1);
  const commits = [0, 1, 3].map((sender) =>
    message('commit', sender, { view: view(0), height: height(1), digest: other.digest }),
  );
  give(cluster, 2, ...commits);
  expectStopped(cluster, 'N4');
});

test('PBFT-N3: a prepared certificate that names another height than its proposal', () => {
  const { cluster, digest } = prepared({ decided: false });
  give(cluster, 2, passedOn('prepared', { height: 2, digest }));
  expectStopped(cluster, 'N3');
});

test('PBFT-N6: a final block that is not the one that was decided', () => {
  const { cluster } = prepared({ decided: true });
  const { proposal, digest } = strange(cluster);
  const head = { ...cluster.genesisHead(), height: height(1), proposalDigest: digest, blockHash: digest };
  cluster.node(2).held.add('behind');
  cluster.give(cluster.node(2), { type: 'committed', head: { ...head, timestamp: proposal.timestamp } });
  expect(cluster.replica(2).status).toMatchObject({ silence: 'safety violation', stableHeight: 1 });
  expect(reportsOf(cluster, 2, 'safetyViolation')).toMatchObject([{ rule: 'N6' }]);
});
