/**
 * Faults of every kind on real node processes under load, and whether anything was lost: `npm run chaos -- --help`.
 * Exit code 1 when a chain differs, an acknowledged transaction is missing or there twice, a client was told what is
 * not so, a node ended by itself, or the chain did not come back in time.
 */
import { parseArgs } from 'node:util';
import { Consortium } from '../test/kit/chaos/consortium.ts';
import { describeFault, drawFault, FAULT_KINDS, type FaultKind } from '../test/kit/chaos/faults.ts';
import { type ChaosReport, type Played, playChaos } from '../test/kit/chaos/play.ts';
import { createChance } from '../test/kit/load.ts';

const USAGE = `npm run chaos -- [options]   (Linux)
  --minutes M   how long (10)
  --seed S      what is drawn, and in which order (1)
  --nodes N     4 to 16 (4)
  --kind K      only this kind of fault; several by repeating it
  --plan        prints the first faults of the seed and ends
  --json        the report as JSON
kinds: ${FAULT_KINDS.join(', ')}
`;
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '4' },
    kind: { type: 'string', multiple: true },
    plan: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const nodes = Number(values.nodes);
const kinds = (values.kind ?? FAULT_KINDS) as FaultKind[];
const isWrong =
  !(minutes > 0) ||
  !Number.isSafeInteger(seed) ||
  !(Number.isSafeInteger(nodes) && nodes >= 4 && nodes <= 16) ||
  kinds.some((kind) => !FAULT_KINDS.includes(kind));
if (values.help || isWrong) {
  (values.help ? process.stdout : process.stderr).write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const say = (text: string): void => void (values.json ? process.stderr : process.stdout).write(`${text}\n`);
if (values.plan) {
  const chance = createChance(seed);
  for (let i = 1; i <= 50; i++) say(`${String(i).padStart(4)}  ${describeFault(drawFault(chance, nodes, kinds))}`);
  process.exit(0);
}

const startedMs = performance.now();
say(`seed ${seed}, ${minutes} minutes, ${nodes} nodes, ten accounts in a closed loop`);
const net = await Consortium.start(nodes);
let isInterrupted = false;
process.once('SIGINT', () => {
  isInterrupted = true;
  say('the fault that is under way is played to its end, then the judgement …');
});
try {
  say('  min  fault                                                  stall s  resume s  back s');
  const report = await playChaos({
    net,
    seed,
    kinds,
    isOver: () => isInterrupted || performance.now() - startedMs > minutes * 60_000,
    onPlayed: show,
  });
  if (values.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else summarise(report);
  process.exitCode = report.violations.length === 0 ? 0 : 1;
} finally {
  await net.dispose();
}

function show({ fault, stallMs, resumeMs, backMs }: Played): void {
  const cell = (ms: number | undefined, width: number): string =>
    (ms === undefined ? '–' : (ms / 1000).toFixed(2)).padStart(width);
  const at = ((performance.now() - startedMs) / 60_000).toFixed(1).padStart(5);
  say(`${at}  ${describeFault(fault).padEnd(54)} ${cell(stallMs, 7)}  ${cell(resumeMs, 8)}  ${cell(backMs, 6)}`);
}

function summarise(report: ChaosReport): void {
  say('');
  say('| fault | count | stall s: p50, p99, max | resume s: p50, p99, max | back s: p50, p99, max |');
  say('| --- | --- | --- | --- | --- |');
  for (const kind of FAULT_KINDS) {
    const of = report.played.filter(({ fault }) => fault.kind === kind);
    if (of.length === 0) continue;
    const column = (pick: (played: Played) => number | undefined): string =>
      quantiles(of.flatMap((played) => pick(played) ?? []));
    say(
      `| ${kind} | ${of.length} | ${column((p) => p.stallMs)} | ${column((p) => p.resumeMs)} | ${column((p) => p.backMs)} |`,
    );
  }
  say('');
  say(
    `${report.played.length} faults in ${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes, ${report.blockCount} blocks, ${report.transactionCount} transactions, ${report.acknowledgedCount} acknowledged, ${report.finalCount} receipts, at most ${report.residentMbMax.toFixed(0)} MB resident`,
  );
  for (const [message, count] of report.refusals) say(`refused ${count} times: ${message}`);
  for (const violation of report.violations) say(`VIOLATION ${violation}`);
  if (report.violations.length === 0)
    say('all chains equal and verified, each acknowledged transaction there exactly once, every receipt true');
}

function quantiles(times: readonly number[]): string {
  if (times.length === 0) return '–';
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string =>
    ((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number) / 1000).toFixed(1);
  return `${at(0.5)}, ${at(0.99)}, ${at(1)}`;
}
