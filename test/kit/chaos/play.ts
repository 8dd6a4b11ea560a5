import { chainOf, countTransactions, faultsOf } from '../chain.ts';
import { runHansa, until } from '../devnet.ts';
import { createChance, Load } from '../load.ts';
import type { Consortium } from './consortium.ts';
import { beginFault, drawFault, endFault, type Fault, type FaultKind, leavesQuorum, unreachable } from './faults.ts';

/** One fault, and what it cost. */
export type Played = {
  readonly fault: Fault;
  /** Longest time without a final transaction while a quorum was there; undefined when there was none. */
  readonly stallMs: number | undefined;
  /** From the moment when a quorum runs and can talk again to the next final transaction, when there was none before. */
  readonly resumeMs: number | undefined;
  /** From the end of the fault until every node votes and is near the head. */
  readonly backMs: number;
};

export type ChaosReport = {
  readonly played: readonly Played[];
  readonly violations: readonly string[];
  readonly acknowledgedCount: number;
  readonly finalCount: number;
  readonly blockCount: number;
  readonly transactionCount: number;
  readonly residentMbMax: number;
  readonly refusals: readonly (readonly [string, number])[];
};

export type ChaosOptions = {
  readonly net: Consortium;
  readonly seed: number;
  /** Asked before each fault. */
  readonly isOver: (playedCount: number) => boolean;
  readonly kinds?: readonly FaultKind[];
  readonly accounts?: number;
  readonly onPlayed?: (played: Played) => void;
};

/** A quorum that can talk makes the next final block within this (docs/spec/pbft.md). */
const RESUME_MS_MAX = 10_000;
const BACK_MS_MAX = 60_000;
const CALM_COUNT = 20;

/** Fault after fault while clients send; then the judgement. */
export async function playChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { net, seed, isOver, onPlayed } = options;
  const chance = createChance(seed);
  const away = new Set<number>();
  const urls = (): string[] => net.urls.filter((_, index) => !away.has(index) || away.size === net.count);
  const accounts = Array.from({ length: options.accounts ?? 10 }, (_, i) => i);
  const load = new Load({ urls, accounts, chance: createChance(seed + 1) });
  const played: Played[] = [];
  const violations: string[] = [];
  while (!isOver(played.length) && violations.length === 0) {
    await load.moreFinal(CALM_COUNT);
    const fault = drawFault(chance, net.count, options.kinds);
    for (const index of unreachable(fault)) away.add(index);
    const one = await playOne(net, load, fault).catch((error: unknown) => {
      violations.push(`${fault.kind} of ${fault.victims.join(' ')}: ${String(error)}`);
      return undefined;
    });
    away.clear();
    net.noteMemory();
    for (const index of net.unexpectedlyGone())
      violations.push(`node ${index} has ended by itself:\n  ${net.tailOf(index)}`);
    if (one === undefined) continue;
    played.push(one);
    onPlayed?.(one);
    if (one.resumeMs !== undefined && one.resumeMs > RESUME_MS_MAX)
      violations.push(
        `${fault.kind}: ${one.resumeMs.toFixed(0)} ms until the next final block after a quorum was back`,
      );
  }
  if (violations.length > 0)
    for (let i = 0; i < net.count; i++) violations.push(`log of node ${i}:\n  ${net.tailOf(i)}`);
  await load.stop();
  return { ...(await judge(net, load, violations)), played };
}

async function playOne(net: Consortium, load: Load, fault: Fault): Promise<Played> {
  const hasQuorum = leavesQuorum(fault, net.count);
  load.beginGap();
  const stop = await beginFault(net, fault);
  await new Promise((resolve) => setTimeout(resolve, fault.lastsMs));
  let stallMs = hasQuorum ? load.gapMs() : undefined;
  await endFault(net, fault, stop);
  const endedMs = performance.now();
  // A process that was killed takes its time to start: what is judged begins when enough of them answer.
  await until(async () => (await net.answeringCount()) >= net.quorum, BACK_MS_MAX, 'a quorum of nodes answers');
  const talkingMs = performance.now();
  await load.moreFinal(1);
  const resumeMs = hasQuorum ? undefined : performance.now() - talkingMs;
  await until(() => net.areNear(), BACK_MS_MAX, 'all nodes vote and are near the head');
  const backMs = performance.now() - endedMs;
  if (stallMs !== undefined) stallMs = load.gapMs();
  return { fault, stallMs, resumeMs, backMs };
}

/** What the chains hold, against what clients were told; by other code than that which wrote them. */
async function judge(net: Consortium, load: Load, before: readonly string[]): Promise<Omit<ChaosReport, 'played'>> {
  const violations = [...before];
  await net.settle().catch((error: unknown) => violations.push(String(error)));
  const chains = await Promise.all(net.urls.map(chainOf));
  const [chain = []] = chains;
  for (const fault of faultsOf(chains, load.acknowledged)) violations.push(JSON.stringify(fault));
  const blockOf = new Map(chain.flatMap((block) => block.transactions.map((hash) => [hash, block.hash] as const)));
  for (const [hash, blockHash] of load.receipts) {
    const real = blockOf.get(hash);
    if (real !== blockHash)
      violations.push(`a client was told that ${hash} is in block ${blockHash}, it is in ${real}`);
  }
  net.noteMemory();
  await net.stopNodes();
  for (const [index, directory] of net.directories.entries()) {
    const { code, stdout, stderr } = await runHansa(['verify', '--dir', directory], 300_000);
    if (code !== 0) violations.push(`node ${index}: hansa verify ended with ${code}: ${stdout}${stderr}`);
  }
  return {
    violations,
    acknowledgedCount: load.acknowledged.size,
    finalCount: load.finalCount,
    blockCount: chain.length - 1,
    transactionCount: countTransactions(chain).size,
    residentMbMax: net.residentMbMax,
    refusals: [...load.refusals],
  };
}
