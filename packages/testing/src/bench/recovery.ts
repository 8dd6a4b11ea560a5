/** `--suite restart` and `--suite sync`: how soon a node is back after kill -9, and how fast one gets a whole chain. */
import { writeFileSync } from 'node:fs';
import { rewind } from './accounts.ts';
import { setUp } from './consortium.ts';
import { measure } from './measure.ts';
import type { BenchNet } from './net.ts';
import { heightOf, isReady, type RestartedNode, restartNode, until } from './node-process.ts';
import { sizeOfFolder } from './processes.ts';
import { prepareWorkload } from './workloads.ts';

export type RecoveryOptions = {
  readonly suite: 'restart' | 'sync';
  readonly workload: string;
  /** How the chain is filled before. */
  readonly transactionCount: number;
  readonly perSecond: number;
  readonly accountCount: number;
  readonly rounds: number;
  readonly out: string | undefined;
  readonly say: (text: string) => void;
};

type Round = {
  /** From the start of the process to the first answer of its RPC. */
  readonly answersAfterMs: number;
  /** To the moment when it has all blocks. */
  readonly hasAllAfterMs: number;
  /** To the moment when it says that it votes. */
  readonly votesAfterMs: number;
};

/** The last node is killed and started again: with its ledger, or (`sync`) without it, so that it fetches every block. */
export async function runRecovery(net: BenchNet, options: RecoveryOptions): Promise<void> {
  const { suite, rounds, say } = options;
  const transactionCount = await fill(net, options);
  const last = net.nodes[net.nodes.length - 1] as BenchNet['nodes'][number];
  const first = net.nodes[0] as BenchNet['nodes'][number];
  const height = (await heightOf(first.rpc)) ?? 0;
  const ledgerMb = sizeOfFolder(first.folder) / 1e6;
  const results: Round[] = [];
  let running: RestartedNode | undefined;
  for (let round = 0; round < rounds; round++) {
    if (running === undefined) process.kill(last.pid, 'SIGKILL');
    else await running.kill();
    await until(async () => (await heightOf(last.rpc)) === undefined, 'the end of the killed node');
    const startMs = performance.now();
    running = await restartNode({ folder: last.folder, rpc: last.rpc, isRebuild: suite === 'sync' });
    const wanted = (await heightOf(first.rpc)) ?? height;
    await until(async () => ((await heightOf(last.rpc)) ?? 0) >= wanted, 'all blocks on the node');
    const hasAllAfterMs = performance.now() - startMs;
    await until(() => isReady(last.admin), 'the vote of the node');
    results.push({ answersAfterMs: running.answersAfterMs, hasAllAfterMs, votesAfterMs: performance.now() - startMs });
    say(`  round ${round + 1}: ${JSON.stringify(results.at(-1))}`);
  }
  await running?.kill();
  const lines = [
    `${suite}: ${transactionCount} transactions (${options.workload}) in ${height} blocks, ${ledgerMb.toFixed(0)} MB per node`,
    '',
    '| round | RPC answers after s | has all blocks after s | votes after s |',
    '| --- | --- | --- | --- |',
    ...results.map(
      (each, i) =>
        `| ${i + 1} | ${seconds(each.answersAfterMs)} | ${seconds(each.hasAllAfterMs)} | ${seconds(each.votesAfterMs)} |`,
    ),
  ];
  if (suite === 'sync') lines.push('', ...results.map((each) => rateLine(each, { transactionCount, height })));
  process.stdout.write(`${lines.join('\n')}\n`);
  if (options.out !== undefined) {
    const report = { suite, workload: options.workload, transactionCount, height, ledgerMb, rounds: results };
    writeFileSync(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
  }
}

/** How many of its transactions became final. */
async function fill(net: BenchNet, options: RecoveryOptions): Promise<number> {
  const { accounts, workload } = await setUp(net, options.workload, options.accountCount);
  const seconds = options.transactionCount / options.perSecond;
  options.say(`${options.transactionCount} ${workload.name}s at ${options.perSecond}/s …`);
  for (const account of accounts) rewind(account);
  prepareWorkload(workload, accounts, net.chainId, options.transactionCount);
  const { final } = await measure(net, { perSecond: options.perSecond, seconds, accounts });
  options.say(`  ${final} final`);
  return final;
}

/** The time to the first answer is not part of fetching: the process starts, opens its stores and connects. */
function rateLine(
  { answersAfterMs, hasAllAfterMs }: Round,
  chain: { transactionCount: number; height: number },
): string {
  const tookMs = Math.max(1, hasAllAfterMs - answersAfterMs);
  const [transactions, blocks] = [chain.transactionCount, chain.height].map((count) => (count * 1_000) / tookMs);
  return `fetched, checked, executed and stored: ${transactions?.toFixed(0)} transactions/s, ${blocks?.toFixed(0)} blocks/s`;
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(2);
