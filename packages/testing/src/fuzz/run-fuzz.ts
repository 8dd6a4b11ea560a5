/** Many targets in turns, until the time or the number of rounds is over. */
import { readCorpus } from './corpus.ts';
import { Coverage } from './coverage.ts';
import { type TargetReport, TargetRun } from './run-target.ts';
import type { FuzzTarget } from './target.ts';

export type FuzzPlan = {
  readonly targets: readonly FuzzTarget[];
  readonly seed: number;
  /** Whichever comes first. */
  readonly seconds?: number;
  /** Batches for each target. */
  readonly rounds?: number;
  /** The first fault ends the run. */
  readonly stopAtFault?: boolean;
  readonly isCovered: boolean;
  readonly onProgress?: (reports: readonly TargetReport[], blockCount: number) => void;
};

export type FuzzReport = {
  readonly targets: readonly TargetReport[];
  readonly blockCount: number;
  readonly tookMs: number;
};

const PROGRESS_MS = 5_000;

export async function runFuzz(plan: FuzzPlan): Promise<FuzzReport> {
  const startedMs = performance.now();
  const coverage = plan.isCovered ? new Coverage() : undefined;
  coverage?.start();
  try {
    const runs = plan.targets.map((target) => new TargetRun(target, plan.seed, coverage));
    for (const [at, run] of runs.entries()) await run.replay(readCorpus((plan.targets[at] as FuzzTarget).name));
    const endMs = startedMs + 1_000 * (plan.seconds ?? Number.POSITIVE_INFINITY);
    const roundsMax = plan.rounds ?? Number.POSITIVE_INFINITY;
    let toldMs = startedMs;
    const reports = (): TargetReport[] => runs.map((run) => run.report());
    for (let round = 0; round < roundsMax && performance.now() < endMs; round++) {
      for (const run of runs) {
        if (run.isFinished) continue;
        await run.step();
        if (performance.now() >= endMs) break;
      }
      if (runs.every((run) => run.isFinished)) break;
      if (plan.stopAtFault === true && runs.some((run) => run.faultCount > 0)) break;
      if (performance.now() - toldMs < PROGRESS_MS) continue;
      toldMs = performance.now();
      plan.onProgress?.(reports(), coverage?.blockCount ?? 0);
    }
    return { targets: reports(), blockCount: coverage?.blockCount ?? 0, tookMs: performance.now() - startedMs };
  } finally {
    coverage?.stop();
    for (const target of plan.targets) await target.stop?.();
  }
}
