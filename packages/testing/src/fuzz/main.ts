/** `npm run fuzz`: hostile bytes for every decoder that sees bytes from outside. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesToHex, hexToBytes } from '@hansa/primitives';
import { Prng } from '../simulator/prng.ts';
import { addToCorpus } from './corpus.ts';
import { execute, memoryFault } from './execute.ts';
import { type FuzzOptions, parseOptions, USAGE } from './options.ts';
import { type FuzzReport, runFuzz } from './run-fuzz.ts';
import type { FoundFault, TargetReport } from './run-target.ts';
import type { FuzzTarget } from './target.ts';
import { createTargets } from './targets/index.ts';

/** Longer inputs go to a file: they are nothing to read. */
const HEX_SIZE_MAX = 1_024;

const out = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const row = ([first, ...cells]: readonly (string | number)[]): string =>
  `${String(first).padEnd(24)}${cells.map((cell) => String(cell).padStart(12)).join('')}`;

const sum = (reports: readonly TargetReport[], of: (report: TargetReport) => number): number =>
  reports.reduce((total, report) => total + of(report), 0);

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const options = parseOptions(words);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${USAGE}`);
    return 2;
  }
  if (options.action === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const all = createTargets();
  if (options.action === 'list') {
    for (const { name, about } of all) out(`${name.padEnd(24)}${about}`);
    return 0;
  }
  const unknown = options.targets?.find((name) => !all.some((target) => target.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`no target ${unknown}; --list names them all\n`);
    return 2;
  }
  const targets = all.filter(({ name }) => options.targets?.includes(name) ?? true);
  if (options.input !== undefined) return runOnce(targets[0] as FuzzTarget, options.input);
  return runMany(targets, options);
}

async function runOnce(target: FuzzTarget, hex: string): Promise<number> {
  const input = hexToBytes(hex.startsWith('@') ? readFileSync(hex.slice(1), 'utf8').trim() : hex);
  if (input === undefined) {
    process.stderr.write('--input needs hex digits\n');
    return 2;
  }
  const { isAccepted, fault, timeMs } = await execute(target, input);
  const found = fault ?? (await memoryFault(target, input).catch(() => undefined));
  await target.stop?.();
  out(`${target.name}: ${input.length} bytes, ${isAccepted ? 'accepted' : 'refused'}, ${timeMs.toFixed(2)} ms`);
  if (found === undefined) return 0;
  out(`FAULT ${found.kind}: ${found.message}`);
  return 1;
}

async function runMany(targets: readonly FuzzTarget[], options: FuzzOptions): Promise<number> {
  const report = await runFuzz({
    targets,
    seed: options.seed,
    seconds: options.seconds,
    isCovered: options.isCovered,
    onProgress: (reports, blockCount) => out(progressLine(reports, blockCount)),
  });
  printReport(report);
  if (options.save) {
    const prng = new Prng(options.seed);
    for (const [at, { name, kept }] of report.targets.entries()) {
      const valid = Array.from({ length: 2 }, () => (targets[at] as FuzzTarget).generate(prng));
      const smallFirst = [...kept].sort((a, b) => a.length - b.length);
      addToCorpus(name, [...valid, ...smallFirst]);
    }
  }
  const faults = report.targets.flatMap((target) => target.faults);
  for (const fault of faults) printFault(fault);
  out(`${report.targets.length} targets, ${faults.length} faults (seed ${options.seed})`);
  return faults.length === 0 ? 0 : 1;
}

function progressLine(reports: readonly TargetReport[], blockCount: number): string {
  const faultCount = sum(reports, ({ faults }) => faults.length);
  return `${sum(reports, ({ executionCount }) => executionCount)} executions · ${blockCount} blocks · ${faultCount} faults`;
}

function printReport({ targets, blockCount, tookMs }: FuzzReport): void {
  out(row(['target', 'executions', 'per second', 'accepted', 'kept', 'slowest ms', 'faults']));
  for (const target of targets) {
    const perSecond = Math.round((1_000 * target.executionCount) / Math.max(1, target.tookMs));
    const accepted = `${Math.round((100 * target.acceptedCount) / Math.max(1, target.executionCount))} %`;
    const { name, executionCount, kept, slowestMs, faults } = target;
    out(row([name, executionCount, perSecond, accepted, kept.length, slowestMs.toFixed(2), faults.length]));
  }
  const executionCount = sum(targets, (target) => target.executionCount);
  out(`${executionCount} executions in ${(tookMs / 1_000).toFixed(1)} s, ${blockCount} blocks of code reached`);
}

function printFault({ target, kind, message, input }: FoundFault): void {
  out(`FAULT ${target}, ${kind}: ${message}`);
  const hex = bytesToHex(input);
  if (hex.length <= HEX_SIZE_MAX) {
    out(`  replay: npm run fuzz -- --target ${target} --input ${hex}`);
    return;
  }
  const file = join(mkdtempSync(join(tmpdir(), 'hansa-fuzz-')), `${target}.hex`);
  writeFileSync(file, hex);
  out(`  replay: npm run fuzz -- --target ${target} --input @${file}`);
}
