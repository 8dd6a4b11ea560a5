/** `--compare COMMIT`: this checkout and another version of it by turns under the same load. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rewind } from './accounts.ts';
import { setUp } from './consortium.ts';
import { type Measured, measure, quantile } from './measure.ts';
import { startBenchNet } from './net.ts';
import { asJson } from './report.ts';
import { prepareWorkload } from './workloads.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const PROGRAM = 'packages/node/bin/hansa.js';

export type CompareOptions = {
  /** Anything that git can name. */
  readonly commit: string;
  readonly workload: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly accountCount: number;
  readonly nodeCount: number;
  readonly rounds: number;
  readonly out: string | undefined;
  readonly say: (text: string) => void;
};

type Side = { readonly name: string; readonly program: string; readonly measured: Measured[] };

/** Each round starts both, the order turning round: what the machine does besides hits both alike. */
export async function runCompare(options: CompareOptions): Promise<void> {
  const { commit, rounds, say } = options;
  const folder = mkdtempSync(join(tmpdir(), 'hansa-compare-'));
  try {
    say(`${commit}: installing and building …`);
    checkOut(commit, folder);
    const other: Side = { name: commit, program: join(folder, PROGRAM), measured: [] };
    const own: Side = { name: 'this checkout', program: join(ROOT, PROGRAM), measured: [] };
    for (let round = 0; round < rounds; round++) {
      for (const side of round % 2 === 0 ? [other, own] : [own, other]) {
        const measured = await measureSide(side.program, options);
        side.measured.push(measured);
        say(`  round ${round + 1}, ${side.name}: ${sayMeasured(measured)}`);
      }
    }
    process.stdout.write(`${table(other, own).join('\n')}\n`);
    if (options.out !== undefined) {
      const loads = [other, own].map((side) => [side.name, side.measured.map(asJson)]);
      writeFileSync(options.out, `${JSON.stringify(Object.fromEntries(loads), undefined, 2)}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A tree of its own with packages of its own: links of this checkout's would lead back to this checkout's code. */
function checkOut(commit: string, folder: string): void {
  const archive = join(folder, 'source.tar');
  mkdirSync(folder, { recursive: true });
  execFileSync('git', ['archive', '--output', archive, commit], { cwd: ROOT });
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  execFileSync('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  execFileSync('npx', ['tsc', '-b'], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function measureSide(program: string, options: CompareOptions): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'hansa-bench-'));
  const net = await startBenchNet({ folder, nodeCount: options.nodeCount, program });
  try {
    const { accounts, workload } = await setUp(net, options.workload, options.accountCount);
    const load = (seconds: number): Promise<Measured> => {
      for (const account of accounts) rewind(account);
      prepareWorkload(workload, accounts, net.chainId, Math.ceil(options.perSecond * seconds));
      return measure(net, { perSecond: options.perSecond, seconds, accounts });
    };
    await load(options.warmUpSeconds);
    return await load(options.seconds);
  } finally {
    await net.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function sayMeasured({ finalPerSecond, cpuMicros, latenciesMs, refused }: Measured): string {
  return `${finalPerSecond.toFixed(0)}/s, p50 ${quantile(latenciesMs, 0.5).toFixed(0)} ms, ${cpuMicros.toFixed(0)} µs of CPU each, ${refused} refused`;
}

const FIGURES: readonly (readonly [string, (measured: Measured) => number])[] = [
  ['final/s', (measured) => measured.finalPerSecond],
  ['p50 ms', (measured) => quantile(measured.latenciesMs, 0.5)],
  ['p99 ms', (measured) => quantile(measured.latenciesMs, 0.99)],
  ['node CPU µs/tx', (measured) => measured.cpuMicros],
  ['main µs/tx', (measured) => measured.cpuMicrosByThread.get('main') ?? Number.NaN],
  ['verify µs/tx', (measured) => measured.cpuMicrosByThread.get('verify') ?? Number.NaN],
  ['execution µs/tx', (measured) => measured.cpuMicrosByThread.get('execution') ?? Number.NaN],
  ['runtime µs/tx', (measured) => measured.cpuMicrosByThread.get('runtime') ?? Number.NaN],
  ['loop p99 ms', (measured) => measured.loopDelayMsP99],
  ['wire B/tx', (measured) => measured.wireBytesPerTransaction],
  ['MB resident', (measured) => measured.residentMbMax],
];

/** Medians of the rounds, their range, and the ratio of the medians. */
function table(other: Side, own: Side): string[] {
  const cell = (values: readonly number[]): string =>
    `${quantile(values, 0.5).toFixed(0)} (${quantile(values, 0).toFixed(0)} to ${quantile(values, 1).toFixed(0)})`;
  const rows = FIGURES.map(([name, read]) => {
    const [a, b] = [other, own].map((side) => side.measured.map(read).sort((x, y) => x - y)) as [number[], number[]];
    return `| ${name} | ${cell(a)} | ${cell(b)} | ${(quantile(b, 0.5) / quantile(a, 0.5)).toFixed(2)} |`;
  });
  return [
    `| median of ${own.measured.length} (range) | ${other.name} | ${own.name} | ratio |`,
    '| --- | --- | --- | --- |',
    ...rows,
  ];
}
