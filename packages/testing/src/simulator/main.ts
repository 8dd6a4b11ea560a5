/** `npm run sim -- --help`. */
import { runSeed } from './cluster.ts';
import { describeLimits, type RunLimits } from './limits.ts';
import { HELP, isNodeProfile, OptionError, readOptions, type SimOptions } from './options.ts';
import { runAnySeed, runSeeds } from './run-seeds.ts';
import { SCALE_SIZES, scaleLines } from './scale.ts';
import { shrinkRun } from './shrink.ts';
import { type SeedResult, Summary, toSeedResult } from './summary.ts';

const PROGRESS_INTERVAL_MS = process.stdout.isTTY ? 500 : 10_000;
/** Failures that are made smaller; what has one cause mostly comes often. */
const SHRUNK_MAX = 3;
const SCALE_BLOCKS = 10;
/** From here on chance is no excuse for a rule that never came up. */
const COVERED_SEEDS_MIN = 200;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(HELP);
  else if (options.scale) for (const line of scaleLines(SCALE_SIZES, SCALE_BLOCKS)) say(line);
  else process.exitCode = options.seed === undefined ? await runMany(options) : await runOne(options, options.seed);
} catch (error) {
  if (!(error instanceof OptionError)) throw error;
  process.stderr.write(`${error.message}\nnpm run sim -- --help lists the options.\n`);
  process.exitCode = 2;
}

async function runOne({ trace, shape, limits }: SimOptions, seed: number): Promise<number> {
  const summary = new Summary();
  const startedMs = performance.now();
  const report = await runAnySeed({ seed, ...shape, limits, ...(trace ? { writeTrace: say } : {}) });
  summary.add(toSeedResult(report));
  say(`seed ${describeRun(report)}`);
  say(`trace hash     ${report.traceHash.toString(16).padStart(8, '0')}`);
  sayEnd(summary, startedMs);
  for (const failure of summary.failures) say(describeFailure(failure, shape, limits));
  return sayVerdict(summary, true);
}

async function runMany({ seeds, first, shape, processes }: SimOptions): Promise<number> {
  const summary = new Summary();
  const startedMs = performance.now();
  let shownMs = startedMs;
  await runSeeds({ first, count: seeds, ...shape }, Math.min(processes, seeds), (result) => {
    summary.add(result);
    if (result.violation !== undefined) {
      say(`${clearedLine()}${describeFailure(result, shape, {})}`);
      if (summary.failures.length <= SHRUNK_MAX) saySmaller(result, shape);
    }
    if (performance.now() - shownMs < PROGRESS_INTERVAL_MS) return;
    shownMs = performance.now();
    const rate = (summary.seedCount / (shownMs - startedMs)) * 1_000;
    const { length } = summary.failures;
    const line = `${summary.seedCount}/${seeds} seeds · ${rate.toFixed(1)}/s · ${length} failed`;
    process.stdout.write(process.stdout.isTTY ? `${clearedLine()}${line}` : `${line}\n`);
  });
  process.stdout.write(clearedLine());
  sayEnd(summary, startedMs);
  return sayVerdict(summary, seeds < COVERED_SEEDS_MIN || shape.profile !== undefined);
}

/** On a terminal the progress stays in one line. */
function clearedLine(): string {
  return process.stdout.isTTY ? '\r\u001b[K' : '';
}

function sayEnd(summary: Summary, startedMs: number): void {
  for (const line of summary.lines()) say(line);
  const seconds = (performance.now() - startedMs) / 1_000;
  say(`took           ${seconds.toFixed(1)} s, ${(summary.seedCount / seconds).toFixed(1)} seeds/s`);
}

function sayVerdict(summary: Summary, mayLeaveRules: boolean): number {
  const failed = summary.failures.length;
  const isCovered = mayLeaveRules || summary.uncovered.length === 0;
  if (!isCovered) say(`FAILED no seed exercised ${summary.uncovered.join(', ')}`);
  say(`${summary.seedCount - failed} passed, ${failed} failed`);
  return failed === 0 && isCovered ? 0 : 1;
}

/** Of a run of the consensus core only: whole nodes take too long for many attempts. */
function saySmaller({ seed, profile }: SeedResult, shape: SimOptions['shape']): void {
  if (isNodeProfile(profile)) return;
  const options = { seed, profile, ...(shape.nodes === undefined ? {} : { nodes: shape.nodes }) };
  const { limits, report, runCount } = shrinkRun(runSeed(options), (smaller) =>
    runSeed({ ...options, limits: smaller }),
  );
  const { faults, liars } = report.drawn;
  say(`  smaller, after ${runCount} runs: ${faults.length} faults, ${liars.length} liars`);
  say(`  ${report.violation?.checker}: ${report.violation?.detail}`);
  say(`  replay: ${replayOf(seed, shape, limits)}`);
}

function describeFailure(result: SeedResult, shape: SimOptions['shape'], limits: RunLimits): string {
  const { seed, violation } = result;
  const where = `seed ${describeRun(result)} at ${((violation?.atMs ?? 0) / 1000).toFixed(3)} s`;
  const replay = replayOf(seed, shape, limits);
  return `FAILED ${where}\n  ${violation?.checker}: ${violation?.detail}\n  replay: ${replay}`;
}

function replayOf(seed: number, { profile, nodes }: SimOptions['shape'], limits: RunLimits): string {
  const drawn = `${profile === undefined ? '' : ` --profile ${profile}`}${nodes === undefined ? '' : ` --nodes ${nodes}`}`;
  return `npm run sim -- --seed ${seed}${drawn}${describeLimits(limits)} --trace`;
}

function describeRun({
  seed,
  profile,
  nodes,
  liars,
}: Pick<SeedResult, 'seed' | 'profile' | 'nodes' | 'liars'>): string {
  const lies = liars.length === 0 ? '' : `, liars ${liars.join('; ')}`;
  return `${seed} (${profile}, ${nodes} members${lies})`;
}
