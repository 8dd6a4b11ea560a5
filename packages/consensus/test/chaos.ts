import { assert } from '@hansa/primitives';
import type { PbftEffect } from '../src/index.ts';
import { Cluster, type ClusterOptions, type SimNode } from './cluster.ts';

/** Small deterministic generator (mulberry32). */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** Looks at effects only: one order and one block per height, one signed vote per (kind, view, height), for ever. */
export function addCheckers(cluster: Cluster): void {
  const ordered = new Map<number, string>();
  const final = new Map<number, string>();
  const votes = new Map<string, string>();
  const once = (
    map: Map<never, string> | Map<string, string> | Map<number, string>,
    key: unknown,
    value: string,
    what: string,
  ): void => {
    const held = (map as Map<unknown, string>).get(key);
    assert(held === undefined || held === value, `${what}: ${String(key)} was ${held}, now ${value}`);
    (map as Map<unknown, string>).set(key, value);
  };
  cluster.onEffect = (node: SimNode, effect: PbftEffect) => {
    if (effect.type === 'execute') once(ordered, effect.height, effect.digest, 'two orders of one height');
    if (effect.type === 'commit') once(final, effect.height, effect.blockHash, 'two blocks of one height');
    if (effect.type === 'report') {
      assert(effect.report.type === 'proposalRefused', `node ${node.index} reports ${JSON.stringify(effect.report)}`);
    }
    if (effect.type !== 'send') return;
    const { vote } = effect;
    if (vote.type === 'prepare' || vote.type === 'commit') {
      once(votes, `${node.index}/${vote.term}/${vote.type}/${vote.view}/${vote.height}`, vote.digest, 'two votes');
    } else if (vote.type === 'result')
      once(votes, `${node.index}/result/${vote.height}`, vote.blockHash, 'two results');
    else if (vote.type === 'proposal')
      once(
        votes,
        `${node.index}/${vote.term}/proposal/${vote.view}/${vote.proposal.height}`,
        vote.digest,
        'two proposals',
      );
    else if (vote.type === 'view-change')
      once(votes, `${node.index}/${vote.term}/change/${vote.view}`, JSON.stringify(vote.claim ?? null), 'two claims');
    else if (vote.type === 'new-view')
      once(
        votes,
        `${node.index}/${vote.term}/new-view/${vote.view}`,
        JSON.stringify(vote.certificate ?? null),
        'two new views',
      );
  };
}

export type ChaosResult = { readonly cluster: Cluster; readonly ticksToHeal: number };

/** Chaos (loss, reordering, partitions, crashes), then a perfect network; throws when a checker objects or nothing moves. */
export function runChaos(seed: number, options: ClusterOptions = {}): ChaosResult {
  const random = createRandom(seed);
  const cluster = new Cluster({ validators: 4 + random(4), window: 1 + random(8), period: 4 + random(60), ...options });
  addCheckers(cluster);
  const { nodes } = cluster;
  const f = Math.floor((nodes.length - 1) / 3);
  let loss = random(30);
  let cut = new Set<number>();
  let muted = '';
  const lossy = (envelope: { from: number; to: number; message: { type: string } }): boolean =>
    cut.has(envelope.from) !== cut.has(envelope.to) ||
    random(100) < loss ||
    (envelope.message.type === muted && random(10) < 9);
  cluster.filters.set('chaos', lossy);
  cluster.scheduledAt = random(3) === 0 ? 3 + random(10) : undefined;
  const pump = (budget: number): void => {
    for (let i = 0; i < budget; i++)
      if (!cluster.deliverOne(cluster.queue.length === 0 ? 0 : random(Math.min(cluster.queue.length, 40)))) return;
  };
  for (let round = 0; round < 150; round++) {
    if (random(6) === 0) cluster.submit(1 + random(4));
    if (random(12) === 0) loss = random(60);
    if (random(15) === 0) cut = new Set(nodes.map((node) => node.index).filter(() => random(3) === 0));
    if (random(10) === 0)
      muted = ['', 'prepare', 'commit', 'result', 'new-view', 'view-change', 'proposal'][random(7)] ?? '';
    if (random(20) === 0) {
      const down = nodes.filter((node) => node.replica === undefined);
      const victim = random(nodes.length);
      if (down.length < f + 1 && cluster.node(victim).replica !== undefined) cluster.crash(victim);
    }
    for (const node of nodes) if (node.replica === undefined && random(12) === 0) cluster.start(node);
    for (const node of nodes) {
      if (random(4) > 0) {
        node.tick += 1;
        cluster.give(node, { type: 'tick', tick: node.tick, clockMs: 1_700_000_000_000 + round * 50 });
      }
    }
    pump(20 + random(200));
    if (cluster.queue.length > 3000) cluster.queue.splice(0, 1500);
  }
  cluster.filters.clear();
  for (const node of nodes) if (node.replica === undefined) cluster.start(node);
  const ticks = Math.max(...nodes.map((node) => node.tick));
  for (const node of nodes) node.tick = ticks;
  const goal = Math.max(...nodes.map((node) => cluster.headOf(node).height)) + 1;
  cluster.submit(2);
  for (let tick = 1; tick <= 800; tick++) {
    cluster.tick(1);
    if (
      nodes.every(
        (node) =>
          cluster.headOf(node).height >= goal &&
          cluster.headOf(node).height === cluster.headOf(nodes[0] as SimNode).height,
      )
    ) {
      return { cluster, ticksToHeal: tick };
    }
  }
  const lines = nodes.map((node) => `${node.index}: ${node.replica?.describe()}`).join('\n');
  throw new Error(`seed ${seed}: no new block in ${800 * 50} ms, wanted ${goal}\n${lines}`);
}
