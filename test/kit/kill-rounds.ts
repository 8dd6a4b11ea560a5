import { rpc, type TestDevnet, until } from './devnet.ts';
import { createChance, Load } from './load.ts';

export type RoundReport = {
  readonly round: number;
  readonly victims: readonly number[];
  /** Acknowledged transactions when the victims were killed, and how many came while they were away (`during`). */
  readonly before: number;
  readonly during: number;
  /** From the kill of one node to the next final transaction; from the start of the victims until all vote. */
  readonly stallMs: number;
  readonly recoveryMs: number;
};

export type ChaosReport = {
  readonly rounds: readonly RoundReport[];
  readonly acknowledged: ReadonlySet<string>;
  readonly refusals: readonly (readonly [string, number])[];
};

export type ChaosOptions = {
  readonly net: TestDevnet;
  readonly rounds: number;
  readonly seed: number;
  readonly onRound?: (round: RoundReport) => void;
};

const NODE_COUNT = 4;

/**
 * Kills nodes by SIGKILL while ten accounts send: mostly one, sometimes two, three or all. The moment is counted in
 * acknowledgements, not in time, and comes from the seed like everything else.
 */
export async function playRounds({ net, rounds, seed, onRound }: ChaosOptions): Promise<ChaosReport> {
  const chance = createChance(seed);
  const below = (limit: number): number => Math.floor(chance() * limit);
  const dead = new Set<number>();
  const urls = (): string[] => net.ready.nodes.filter((node) => !dead.has(node.index)).map((node) => node.rpc);
  const load = new Load({ urls, accounts: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], chance: createChance(seed + 1) });
  const reports: RoundReport[] = [];
  for (let round = 1; round <= rounds; round++) {
    await load.more(5 + below(40));
    const victims = pickVictims(below);
    const before = load.acknowledged.size;
    const killedMs = performance.now();
    for (const victim of victims) dead.add(victim);
    if (dead.size === NODE_COUNT) dead.clear();
    await Promise.all(victims.map((victim) => net.kill(victim)));
    let stallMs = 0;
    if (victims.length === 1) {
      await load.moreFinal(1);
      stallMs = performance.now() - killedMs;
      await load.more(below(20));
    }
    const during = load.acknowledged.size - before;
    const startedMs = performance.now();
    for (const victim of victims) net.restart(victim);
    await until(async () => areNear(net), 60_000, 'all nodes are back').catch((error: unknown) => {
      throw new Error(`round ${round}, killed ${victims.join(' ')}: ${String(error)}\n${tails(net)}`);
    });
    dead.clear();
    const report = { round, victims, before, during, stallMs, recoveryMs: performance.now() - startedMs };
    reports.push(report);
    onRound?.(report);
  }
  await load.stop();
  await headsEqual(net);
  return { rounds: reports, acknowledged: load.acknowledged, refusals: [...load.refusals] };
}

/** One victim in seven rounds of ten, two in two, all in one. */
function pickVictims(below: (limit: number) => number): number[] {
  const drawn = below(10);
  const count = drawn < 7 ? 1 : drawn < 9 ? 2 : NODE_COUNT;
  const order = [0, 1, 2, 3];
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order.slice(0, count);
}

type Status = { voting: boolean; height: string; pool: { pending: number; ordered: number } };

const statuses = (net: TestDevnet): Promise<Status[]> =>
  Promise.all(net.ready.nodes.map((node) => rpc<Status>(node.rpc, 'hansa_getStatus')));

const tails = (net: TestDevnet): string =>
  net.ready.nodes
    .map(({ index }) => {
      const lines = net.logOf(index).trimEnd().split('\n').slice(-12);
      return `node ${index} ${net.isRunning(index) ? 'runs' : 'has ended'}:\n  ${lines.join('\n  ')}`;
    })
    .join('\n');

/** All vote, and no node is far behind: under load the heights are never quite the same. */
async function areNear(net: TestDevnet): Promise<boolean> {
  const all = await statuses(net);
  const heights = all.map((status) => Number(status.height));
  return all.every((status) => status.voting) && Math.max(...heights) - Math.min(...heights) <= 8;
}

/** Resolves when nothing is in any pool and all nodes are at one height. */
export async function headsEqual(net: TestDevnet, timeoutMs = 60_000): Promise<number> {
  return until(
    async () => {
      const all = await statuses(net);
      const isDone = all.every(
        ({ height, pool }) => height === all[0]?.height && pool.pending === 0 && pool.ordered === 0,
      );
      return isDone && all[0] !== undefined ? Number(all[0].height) : undefined;
    },
    timeoutMs,
    'all pools are empty and all heads equal',
  );
}
