/**
 * `npm run bench`: load on real node processes on this machine (`--suite evm`: the EVM alone, see evm/suite.ts). Every figure of speed stands beside the machine's
 * signature ceiling measured in the same run, so that runs on different machines and days can be compared.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { initCrypto } from '@hansa/crypto';
import { type Account, rewind } from './accounts.ts';
import { measureSignatureCeiling } from './ceiling.ts';
import { runCompare } from './compare.ts';
import { setUp } from './consortium.ts';
import { runEvmSuite } from './evm/suite.ts';
import { findWorst } from './evm/worst.ts';
import { runOpenLoop, sleep } from './load.ts';
import { type Measured, measure, quantile } from './measure.ts';
import { type BenchNet, startBenchNet } from './net.ts';
import { measureReads, type ReadsMeasured } from './reads.ts';
import { runRecovery } from './recovery.ts';
import { asJson, details, readsAsJson, readsLine, TABLE_HEAD, tableRow, timelineTable } from './report.ts';
import { prepareWorkload, type Workload } from './workloads.ts';

const USAGE = `npm run bench -- [options]
open loop: transactions at a constant rate, then at half of it, then one at a time; with --overload also at 1.5 times the rate

  --suite NAME        network (the default), or evm: the engine of contracts beside EthereumJS; takes --rounds N (7),
                      --evm-accounts N (1000000), --out and --check (exit code 1 when a bound is missed);
                      evm-worst: what takes the most time for its gas, searched for --seconds;
                      restart: a node after kill -9, sync: one that has to fetch the whole chain; both take
                      --transactions N (20000) made at --rate, --rounds N (3), --workload, --nodes and --out
  --rate TX_PER_S     offered load (1000)
  --workload NAME     transfer, erc20, deployment, kv (put of 100 bytes into a table) or kv-1k (transfer)
  --reads N           also half load with so many readers of eth_getBalance and eth_call (0)
  --seconds S         of the sustained load (60); half load takes at most 30
  --warm-up S         seconds of half load on the nodes that have just started (10)
  --accounts N        clients, one account each (1000)
  --nodes N           validators (4)
  --lone N            lone transactions on the idle net (20)
  --overload          60 s at 1.5 times the rate, and how soon full speed is back
  --timeline          a line for each second
  --compare COMMIT    this checkout and another version of it by turns, --rounds N (3) of --warm-up and --seconds each
  --out FILE          everything as JSON
  --cpu-prof DIR      a CPU profile of each node's threads
  --node-flags FLAGS  flags of Node.js for the nodes, separated by commas
  --keep              leaves the directories of the nodes
`;
const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: 'network' },
    rounds: { type: 'string' },
    transactions: { type: 'string', default: '20000' },
    'evm-accounts': { type: 'string', default: '1000000' },
    compare: { type: 'string' },
    check: { type: 'boolean', default: false },
    rate: { type: 'string', default: '1000' },
    workload: { type: 'string', default: 'transfer' },
    seconds: { type: 'string', default: '60' },
    'warm-up': { type: 'string', default: '10' },
    accounts: { type: 'string', default: '1000' },
    nodes: { type: 'string', default: '4' },
    lone: { type: 'string', default: '20' },
    reads: { type: 'string', default: '0' },
    overload: { type: 'boolean', default: false },
    timeline: { type: 'boolean', default: false },
    out: { type: 'string' },
    'cpu-prof': { type: 'string' },
    'node-flags': { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
if (values.suite === 'evm-worst') {
  await findWorst({ seconds: Number(values.seconds), out: values.out });
  process.exit(0);
}
if (values.compare !== undefined) {
  await initCrypto();
  await runCompare({
    commit: values.compare,
    workload: values.workload,
    perSecond: Number(values.rate),
    seconds: Number(values.seconds),
    warmUpSeconds: Number(values['warm-up']),
    accountCount: Number(values.accounts),
    nodeCount: Number(values.nodes),
    rounds: Number(values.rounds ?? '3'),
    out: values.out,
    say,
  });
  process.exit(0);
}
if (values.suite === 'evm') {
  const accountCount = Number(values['evm-accounts']);
  const isGood = await runEvmSuite({ rounds: Number(values.rounds ?? '7'), accountCount, out: values.out });
  process.exit(values.check && !isGood ? 1 : 0);
}

const LONE_PAUSE_MS = 100;

await initCrypto();
const rate = Number(values.rate);
const seconds = Number(values.seconds);
const nodeCount = Number(values.nodes);
const folder = mkdtempSync(join(tmpdir(), 'hansa-bench-'));
say('signature ceiling …');
const ceilingBefore = await measureSignatureCeiling(3_000);
const profile = values['cpu-prof'];
const nodeFlags = values['node-flags']?.split(',') ?? [];
if (profile !== undefined) nodeFlags.push('--cpu-prof', `--cpu-prof-dir=${profile}`);
const net = await startBenchNet({ folder, nodeCount, nodeFlags });
try {
  if (values.suite === 'restart' || values.suite === 'sync')
    await runRecovery(net, {
      suite: values.suite,
      workload: values.workload,
      transactionCount: Number(values.transactions),
      perSecond: rate,
      accountCount: Number(values.accounts),
      rounds: Number(values.rounds ?? '3'),
      out: values.out,
      say,
    });
  else await run(net);
} finally {
  await net.stop();
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
}

async function run(net: BenchNet): Promise<void> {
  const { accounts, workload } = await setUp(net, values.workload, Number(values.accounts));
  const load = async (name: string, perSecond: number, duration: number): Promise<Measured> => {
    say(`${name}: ${perSecond} ${workload.name}s a second for ${duration} s …`);
    for (const account of accounts) rewind(account);
    prepareWorkload(workload, accounts, net.chainId, Math.ceil(perSecond * duration));
    const measured = await measure(net, { perSecond, seconds: duration, accounts });
    say(
      `  ${measured.final} of ${measured.offered} final, ${measured.finalPerSecond.toFixed(0)}/s, p50 ${quantile(measured.latenciesMs, 0.5).toFixed(0)} ms, ${measured.refused} refused, ${measured.lost} lost`,
    );
    return measured;
  };
  const half = Math.floor(rate / 2);
  const results: (readonly [string, Measured])[] = [];
  const warmUp = Number(values['warm-up']);
  if (warmUp > 0) results.push([`half, just started, ${warmUp} s`, await load('warm-up', half, warmUp)]);
  results.push([`sustained ${seconds} s`, await load('sustained', rate, seconds)]);
  results.push(['half', await load('half', half, Math.min(30, seconds))]);
  let reads: ReadsMeasured | undefined;
  if (Number(values.reads) > 0) {
    const duration = Math.min(30, seconds);
    const reading = measureReads({
      urls: net.nodes.map((node) => node.rpc),
      seconds: duration,
      addresses: accounts.map((account) => account.address),
      readerCount: Number(values.reads),
    });
    results.push(['half, with readers', await load('half, with readers', half, duration)]);
    reads = await reading;
  }
  if (values.overload) {
    results.push(['one and a half', await load('overload', Math.floor(rate * 1.5), seconds)]);
    results.push(['after it', await load('after it', rate, Math.min(30, seconds))]);
  }
  const lone = await measureLone(net, accounts, workload);
  const ceilingAfter = await measureSignatureCeiling(3_000);
  const ceiling = (ceilingBefore + ceilingAfter) / 2 / nodeCount;
  const lines = [
    `signature ceiling of ${nodeCount} nodes on this machine: ${ceiling.toFixed(0)} transactions/s (${ceilingBefore.toFixed(0)} and ${ceilingAfter.toFixed(0)} recoveries/s on two cores, before and after)`,
    '',
    ...TABLE_HEAD,
    ...results.map(([name, value]) => tableRow(name, value, ceiling)),
    '',
    `lone ${workload.name} on an idle net: p50 ${quantile(lone, 0.5).toFixed(1)} ms, p95 ${quantile(lone, 0.95).toFixed(1)} ms, max ${quantile(lone, 1).toFixed(1)} ms (${lone.length} samples)`,
    ...(reads === undefined ? [] : [readsLine(reads)]),
    ...results.flatMap(([name, value]) => details(name, value)),
    ...(values.timeline ? results.flatMap(([name, value]) => ['', ...timelineTable(name, value)]) : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (values.out !== undefined) {
    const loads = Object.fromEntries(results.map(([name, value]) => [name, asJson(value)]));
    const report = {
      nodeCount,
      workload: workload.name,
      ceiling,
      loads,
      lonesMs: lone,
      reads: reads && readsAsJson(reads),
    };
    writeFileSync(values.out, `${JSON.stringify(report, undefined, 2)}\n`);
  }
}

/** One transaction at a time on an idle net: milliseconds, sorted. */
async function measureLone(net: BenchNet, accounts: readonly Account[], workload: Workload): Promise<number[]> {
  const count = Number(values.lone);
  say(`lone transactions: ${count} …`);
  const latencies: number[] = [];
  const urls = net.nodes.slice(0, 1).map((node) => node.rpc);
  for (const account of accounts) rewind(account);
  prepareWorkload(workload, accounts, net.chainId, count);
  for (let i = 0; i < count; i++) {
    const [slot] = await runOpenLoop(
      {
        urls,
        perSecond: 1_000,
        seconds: 0.001,
        batchMs: 1,
        drainMsMax: 10_000,
        accounts: [accounts[i % accounts.length] as Account],
      },
      net.heads.finalAt,
    );
    const at = slot === undefined ? undefined : net.heads.finalAt.get(slot.hash);
    if (slot === undefined || at === undefined) throw new Error('a lone transaction did not become final within 10 s');
    latencies.push(at - slot.dueMs);
    await sleep(LONE_PAUSE_MS);
  }
  return latencies.sort((a, b) => a - b);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
