/**
 * `npm run sim -- --seeds N [--first S] [--seed S --trace] [--profile P] [--nodes N] [--processes N]`.
 * docs/testing.md explains the output.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runSeed } from './cluster.ts';
import { PROFILES, type Profile } from './faults.ts';
import { runSeeds } from './run-seeds.ts';
import { type SeedResult, Summary, toSeedResult } from './summary.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    first: { type: 'string' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    profile: { type: 'string' },
    nodes: { type: 'string' },
    processes: { type: 'string' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function natural(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`--${name} takes a number from 0, got "${text}"\n`);
  return process.exit(2);
}

function profileOf(text: string | undefined): Profile | undefined {
  if (text === undefined) return undefined;
  const profile = PROFILES.find((name) => name === text);
  if (profile !== undefined) return profile;
  process.stderr.write(`--profile is one of ${PROFILES.join(', ')}, got "${text}"\n`);
  return process.exit(2);
}

function replayCommand(result: SeedResult): string {
  const profile = values.profile === undefined ? '' : ` --profile ${values.profile}`;
  const nodes = values.nodes === undefined ? '' : ` --nodes ${values.nodes}`;
  return `npm run sim -- --seed ${result.seed}${profile}${nodes} --trace`;
}

function describeFailure(result: SeedResult): string {
  const { seed, profile, nodes, liars, violation } = result;
  const lies = liars.length === 0 ? '' : `, liars ${liars.join('; ')}`;
  const where = `seed ${seed} (${profile}, ${nodes} members${lies}) at ${((violation?.atMs ?? 0) / 1000).toFixed(3)} s`;
  return `FAILED ${where}\n  ${violation?.checker}: ${violation?.detail}\n  replay: ${replayCommand(result)}`;
}

const profile = profileOf(values.profile);
const nodes = natural(values.nodes, 'nodes');
const seed = natural(values.seed, 'seed');
const shape = { ...(profile === undefined ? {} : { profile }), ...(nodes === undefined ? {} : { nodes }) };
const summary = new Summary();
const startedMs = performance.now();
if (seed !== undefined) {
  const report = runSeed({ seed, ...shape, ...(values.trace ? { writeTrace: say } : {}) });
  summary.add(toSeedResult(report));
  say(`trace hash     ${report.traceHash.toString(16).padStart(8, '0')}`);
} else {
  const count = natural(values.seeds, 'seeds') ?? 100;
  const first = natural(values.first, 'first') ?? 1;
  const processes = natural(values.processes, 'processes') ?? availableParallelism();
  let printedMs = startedMs;
  await runSeeds({ first, count, ...shape }, Math.min(processes, count), (result) => {
    summary.add(result);
    if (result.violation !== undefined) say(describeFailure(result));
    if (performance.now() - printedMs < 5_000) return;
    printedMs = performance.now();
    const rate = (summary.seedCount / (printedMs - startedMs)) * 1_000;
    say(`${summary.seedCount}/${count} seeds · ${rate.toFixed(1)}/s · ${summary.failures.length} failed`);
  });
}
for (const line of summary.lines()) say(line);
const seconds = (performance.now() - startedMs) / 1_000;
say(`took           ${seconds.toFixed(1)} s, ${(summary.seedCount / seconds).toFixed(1)} seeds/s`);
if (seed !== undefined) for (const failure of summary.failures) say(describeFailure(failure));
const isCovered = summary.seedCount < 200 || profile !== undefined || summary.uncovered.length === 0;
if (!isCovered) say(`FAILED no seed exercised ${summary.uncovered.join(', ')}`);
say(`${summary.seedCount - summary.failures.length} passed, ${summary.failures.length} failed`);
process.exitCode = summary.failures.length === 0 && isCovered ? 0 : 1;
