/** Makes a failing run smaller: a shorter chaos, fewer liars, fewer faults, as long as the same checker objects. */
import type { RunReport } from './cluster.ts';
import { CHAOS_MS, type RunLimits } from './limits.ts';
import type { CheckerName } from './violation.ts';

export type Shrunk = { readonly limits: RunLimits; readonly report: RunReport; readonly runCount: number };

const RUNS_MAX = 80;
/** Chaos is not cut more finely than this. */
const CHAOS_STEP_MS = 250;

/** @param run the same seed within these limits. Deterministic, and so is the result. */
export function shrinkRun(found: RunReport, run: (limits: RunLimits) => RunReport, runsMax: number = RUNS_MAX): Shrunk {
  if (found.violation === undefined) return { limits: {}, report: found, runCount: 0 };
  const attempt = new Attempt(found, run, runsMax);
  shortenChaos(attempt);
  dropLiars(attempt);
  dropFaults(attempt);
  shortenChaos(attempt);
  const { limits, report, runCount } = attempt;
  return { limits, report, runCount };
}

/** The smallest run so far. */
class Attempt {
  limits: RunLimits = {};
  report: RunReport;
  runCount = 0;
  readonly #checker: CheckerName | undefined;
  readonly #run: (limits: RunLimits) => RunReport;
  readonly #runsMax: number;

  constructor(found: RunReport, run: (limits: RunLimits) => RunReport, runsMax: number) {
    this.report = found;
    this.#checker = found.violation?.checker;
    this.#run = run;
    this.#runsMax = runsMax;
  }

  /** True when the run still fails, and is kept. */
  with(change: RunLimits): boolean {
    if (this.runCount >= this.#runsMax) return false;
    this.runCount++;
    const limits = { ...this.limits, ...change };
    const report = this.#run(limits);
    if (report.violation === undefined || report.violation.checker !== this.#checker) return false;
    this.limits = limits;
    this.report = report;
    return true;
  }
}

function shortenChaos(attempt: Attempt): void {
  const longest = attempt.limits.chaosMs ?? CHAOS_MS;
  // What is found during the chaos needs nothing of what comes after it.
  const foundMs = (attempt.report.violation?.atMs ?? longest) + 1;
  if (foundMs < longest) attempt.with({ chaosMs: foundMs });
  let chaosMs = attempt.limits.chaosMs ?? longest;
  for (let step = Math.floor(chaosMs / 2); step >= CHAOS_STEP_MS; step = Math.floor(step / 2)) {
    if (attempt.with({ chaosMs: chaosMs - step })) chaosMs -= step;
  }
}

function dropLiars(attempt: Attempt): void {
  const { liars } = attempt.report.drawn;
  if (liars.length === 0 || attempt.with({ liars: [] })) return;
  let kept = liars;
  for (const liar of liars) {
    const fewer = kept.filter((index) => index !== liar);
    if (attempt.with({ liars: fewer })) kept = fewer;
  }
}

/** Delta debugging (Zeller and Hildebrandt, 2002): without halves, then quarters, then single ones. */
function dropFaults(attempt: Attempt): void {
  let kept = attempt.report.drawn.faults;
  if (kept.length === 0 || attempt.with({ faults: [] })) return;
  for (let size = Math.ceil(kept.length / 2); ; size = Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (attempt.with({ faults: fewer })) kept = fewer;
      else at += size;
    }
    if (size <= 1) return;
  }
}
