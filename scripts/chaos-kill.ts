/**
 * Kills nodes of a real consortium by SIGKILL under load, round after round, and tells whether anything was lost:
 * `npm run chaos -- [--rounds 50] [--seed 1]`. Exit code 1 when a chain differs, or an acknowledged transaction is
 * missing or there twice.
 */
import { parseArgs } from 'node:util';
import { chainOf, countTransactions, faultsOf } from '../test/kit/chain.ts';
import { playRounds, type RoundReport } from '../test/kit/chaos.ts';
import { startDevnet } from '../test/kit/devnet.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } });
const rounds = Number(values.rounds ?? 50);
const seed = Number(values.seed ?? 1);
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
  process.stderr.write('usage: npm run chaos -- [--rounds N] [--seed S]\n');
  process.exit(2);
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(2).padStart(7);
const median = (sorted: readonly number[]): number => sorted[sorted.length >> 1] ?? Number.NaN;

function show({ round, victims, before, during, stallMs, recoveryMs }: RoundReport): void {
  const stall = victims.length === 1 ? seconds(stallMs) : '      –';
  const cells = [
    String(round).padStart(5),
    victims.join(' ').padEnd(8),
    String(before).padStart(7),
    String(during).padStart(6),
    stall,
    seconds(recoveryMs),
  ];
  process.stdout.write(`${cells.join('  ')}\n`);
}

function summarise(name: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  process.stdout.write(
    `${name}: median ${seconds(median(sorted)).trim()} s, worst ${seconds(sorted.at(-1) ?? 0).trim()} s\n`,
  );
}

const startMs = performance.now();
const net = await startDevnet();
try {
  process.stdout.write(`seed ${seed}, ${rounds} rounds, four nodes, ten accounts in a closed loop\n`);
  process.stdout.write('round  killed      acked  while  stall s  back s\n');
  const report = await playRounds({ net, rounds, seed, onRound: show });
  const chains = await Promise.all(net.ready.nodes.map((node) => chainOf(node.rpc)));
  const faults = faultsOf(chains, report.acknowledged);
  const [chain = []] = chains;
  process.stdout.write('\n');
  summarise(
    'stall after one node was killed',
    report.rounds.filter(({ victims }) => victims.length === 1).map(({ stallMs }) => stallMs),
  );
  summarise(
    'from start to voting and near the head',
    report.rounds.map(({ recoveryMs }) => recoveryMs),
  );
  for (const [message, count] of report.refusals) process.stdout.write(`refused ${count} times: ${message}\n`);
  const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
  process.stdout.write(
    `${chain.length - 1} blocks, ${countTransactions(chain).size} transactions, ${report.acknowledged.size} acknowledged, ${minutes} min\n`,
  );
  for (const fault of faults.slice(0, 20)) process.stdout.write(`FAULT ${JSON.stringify(fault)}\n`);
  process.stdout.write(
    faults.length === 0
      ? 'all chains equal, each acknowledged transaction there exactly once\n'
      : `${faults.length} faults\n`,
  );
  process.exitCode = faults.length === 0 && report.refusals.length === 0 ? 0 : 1;
} finally {
  await net.dispose();
}
