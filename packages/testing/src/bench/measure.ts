import type { Account } from './accounts.ts';
import { runOpenLoop, type Slot } from './load.ts';
import { bytesSent, loopDelayMsP99, readMetrics } from './metrics.ts';
import type { BenchNet } from './net.ts';
import { type ProcessUse, processUse, sizeOfFolder } from './processes.ts';

export type MeasureOptions = {
  readonly perSecond: number;
  readonly seconds: number;
  readonly accounts: readonly Account[];
};

export type Measured = {
  readonly offeredPerSecond: number;
  readonly finalPerSecond: number;
  readonly offered: number;
  readonly final: number;
  readonly refused: number;
  /** Accepted, and not final when the run had drained. */
  readonly lost: number;
  readonly refusals: ReadonlyMap<string, number>;
  /** Milliseconds from the due time to the client's knowledge of finality, sorted. */
  readonly latenciesMs: readonly number[];
  /** CPU of one node per final transaction, microseconds, whole and by thread: means over the nodes. */
  readonly cpuMicros: number;
  readonly cpuMicrosByThread: ReadonlyMap<string, number>;
  /** Of one core, by the load generator. */
  readonly generatorShare: number;
  readonly residentMbMax: number;
  readonly diskBytesPerTransaction: number;
  /** Of all channels, sent by one node, mean over the nodes; before encryption. */
  readonly wireBytesPerTransaction: number;
  /** Of the main thread, the worst node; 10 ms of it are the clock that measures. */
  readonly loopDelayMsP99: number;
  readonly blocks: readonly { readonly atMs: number; readonly transactionCount: number }[];
  readonly timeline: readonly Second[];
};

/** One second of a run: what was due and refused in it, what became final in it, and the worst latency of those. */
export type Second = {
  readonly due: number;
  readonly refused: number;
  readonly final: number;
  readonly blocks: number;
  readonly latencyMsMax: number;
};

const DRAIN_MS_MAX = 30_000;
/** Each node gets what was due for its clients in one request of this rhythm; the wait counts as latency. */
const BATCH_MS = 20;

export async function measure(net: BenchNet, options: MeasureOptions): Promise<Measured> {
  const before = net.nodes.map((node) => processUse(node.pid));
  const diskBefore = net.nodes.map((node) => sizeOfFolder(node.folder));
  const metricsBefore = await Promise.all(net.nodes.map((node) => readMetrics(node.admin)));
  const ownBefore = process.cpuUsage();
  const startMs = performance.now();
  const blocksBefore = net.heads.blocks.length;
  const slots = await runOpenLoop(
    { ...options, urls: net.nodes.map((node) => node.rpc), batchMs: BATCH_MS, drainMsMax: DRAIN_MS_MAX },
    net.heads.finalAt,
  );
  const tookMs = performance.now() - startMs;
  const own = process.cpuUsage(ownBefore);
  const after = net.nodes.map((node) => processUse(node.pid));
  const metrics = await Promise.all(net.nodes.map((node) => readMetrics(node.admin)));
  const sent = metrics.map((now, i) => {
    const earlier = metricsBefore[i];
    return now === undefined || earlier === undefined ? 0 : bytesSent(now) - bytesSent(earlier);
  });
  const blocks = net.heads.blocks.slice(blocksBefore);
  const results = outcomes(slots, net.heads.finalAt);
  const lastMs = slots.reduce((last, slot) => Math.max(last, net.heads.finalAt.get(slot.hash) ?? 0), startMs);
  const perTransaction = 1e6 / net.nodes.length / Math.max(1, results.final);
  const disk = net.nodes.map((node, i) => sizeOfFolder(node.folder) - (diskBefore[i] as number));
  return {
    ...results,
    offeredPerSecond: options.perSecond,
    finalPerSecond: lastMs > startMs ? (results.final * 1000) / Math.max(lastMs - startMs, options.seconds * 1000) : 0,
    cpuMicros: cpuBetween(before, after, (use) => use.cpuSeconds) * perTransaction,
    cpuMicrosByThread: new Map(
      [...new Set(after.flatMap((use) => [...(use?.byThread.keys() ?? [])]))].map((thread) => [
        thread,
        cpuBetween(before, after, (use) => use.byThread.get(thread) ?? 0) * perTransaction,
      ]),
    ),
    generatorShare: (own.user + own.system) / 1000 / tookMs,
    residentMbMax: Math.max(...after.map((use) => use?.residentMb ?? 0)),
    diskBytesPerTransaction: Math.max(...disk) / Math.max(1, results.final),
    wireBytesPerTransaction: sent.reduce((sum, size) => sum + size, 0) / net.nodes.length / Math.max(1, results.final),
    loopDelayMsP99: Math.max(...metrics.map((now) => (now === undefined ? Number.NaN : loopDelayMsP99(now)))),
    blocks,
    timeline: timelineOf(slots, net.heads.finalAt, blocks, startMs),
  };
}

function cpuBetween(
  before: readonly (ProcessUse | undefined)[],
  after: readonly (ProcessUse | undefined)[],
  of: (use: ProcessUse) => number,
): number {
  return after.reduce((sum, use, i) => {
    const earlier = before[i];
    return use === undefined || earlier === undefined ? sum : sum + of(use) - of(earlier);
  }, 0);
}

type Outcomes = Pick<Measured, 'offered' | 'final' | 'refused' | 'lost' | 'refusals' | 'latenciesMs'>;

function outcomes(slots: readonly Slot[], finalAt: ReadonlyMap<string, number>): Outcomes {
  const refusals = new Map<string, number>();
  const latenciesMs: number[] = [];
  let refused = 0;
  for (const slot of slots) {
    const at = finalAt.get(slot.hash);
    if (slot.refusal !== undefined) {
      refused++;
      refusals.set(slot.refusal, (refusals.get(slot.refusal) ?? 0) + 1);
    } else if (at !== undefined) latenciesMs.push(at - slot.dueMs);
  }
  latenciesMs.sort((a, b) => a - b);
  const final = latenciesMs.length;
  return { offered: slots.length, final, refused, lost: slots.length - final - refused, refusals, latenciesMs };
}

function timelineOf(
  slots: readonly Slot[],
  finalAt: ReadonlyMap<string, number>,
  blocks: Measured['blocks'],
  startMs: number,
): Second[] {
  const seconds: { due: number; refused: number; final: number; blocks: number; latencyMsMax: number }[] = [];
  const at = (ms: number): (typeof seconds)[number] => {
    const index = Math.max(0, Math.floor((ms - startMs) / 1000));
    while (seconds.length <= index) seconds.push({ due: 0, refused: 0, final: 0, blocks: 0, latencyMsMax: 0 });
    return seconds[index] as (typeof seconds)[number];
  };
  for (const slot of slots) {
    const due = at(slot.dueMs);
    due.due++;
    if (slot.refusal !== undefined) {
      due.refused++;
      continue;
    }
    const finalMs = finalAt.get(slot.hash);
    if (finalMs === undefined) continue;
    const second = at(finalMs);
    second.final++;
    second.latencyMsMax = Math.max(second.latencyMsMax, finalMs - slot.dueMs);
  }
  for (const block of blocks) at(block.atMs).blocks++;
  return seconds;
}

/** `share` of sorted values lie at or below the answer; NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
}
