import { expect, test } from 'vitest';
import { Cluster } from './cluster.ts';

test('PBFT-N1..N6: four validators make a transaction final without a view change', () => {
  const cluster = new Cluster();
  cluster.tick(1);
  cluster.submit(5);
  cluster.deliver();
  for (const node of cluster.nodes) {
    expect(cluster.headOf(node).height).toBe(5);
    expect(node.replica?.status.view).toBe(0);
    expect(node.reports).toEqual([]);
  }
  expect(new Set(cluster.nodes.map((node) => cluster.headOf(node).blockHash)).size).toBe(1);
});
