/**
 * `npm run bench`: load on four real node processes on this machine. Every figure of speed stands beside the machine's
 * signature ceiling measured in the same run, so that runs on different machines and days can be compared.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ethereumCrypto, initCrypto, standardSuite } from '@hansa/crypto';
import { addressToHex, bytesToHex, fromHex } from '@hansa/primitives';
import { measureSignatureCeiling } from './ceiling.ts';
import { watchHeads } from './heads.ts';
import { type LoadReport, prepareTransfers, quantile, runOpenLoop, type Sender } from './load.ts';
import { processUse } from './processes.ts';

const HANSA = fileURLToPath(new URL('../../../node/bin/hansa.js', import.meta.url));
const FIRST_KEY = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1200' },
    seconds: { type: 'string', default: '60' },
    accounts: { type: 'string', default: '200' },
    nodes: { type: 'string', default: '4' },
    lone: { type: 'string', default: '20' },
    out: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(
    'npm run bench -- [--rate TX_PER_S] [--seconds S] [--accounts N] [--nodes N] [--lone COUNT] [--out FILE.json] [--keep]\n' +
      'open loop: transfers at a constant rate, then at half of it, then one at a time\n',
  );
  process.exit(0);
}
const rate = Number(values.rate);
const seconds = Number(values.seconds);

type Ready = { chainId: number; nodes: { pid: number; rpc: string }[] };

await initCrypto();
const hashOf = (raw: Uint8Array): string => `0x${bytesToHex(ethereumCrypto.keccak256(raw))}`;
const folder = mkdtempSync(join(tmpdir(), 'hansa-bench-'));
say('signature ceiling …');
const ceilingBefore = await measureSignatureCeiling(3_000);
const devnet = spawn(
  process.execPath,
  [
    ...process.execArgv,
    HANSA,
    'devnet',
    '--json',
    '--nodes',
    values.nodes,
    '--dir',
    join(folder, 'net'),
    '--rpc-port',
    '18545',
    '--p2p-port',
    '38545',
  ],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const ready = await new Promise<Ready>((resolve, reject) => {
  devnet.once('exit', (code) => reject(new Error(`the devnet ended with code ${code}`)));
  createInterface({ input: devnet.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as { event: string };
    if (event.event === 'transaction') resolve(readyEvent as Ready);
    if (event.event === 'ready') readyEvent = event as unknown as Ready;
  });
  let readyEvent: Ready | undefined;
});
const urls = ready.nodes.map((node) => node.rpc);
const watch = await watchHeads(urls[0] as string);
const senders = await fundSenders(Number(values.accounts));

const full = await measure('sustained', rate, seconds);
const half = await measure('half load', Math.floor(rate / 2), Math.min(seconds, 30));
const lone = await measureLone(Number(values.lone));
const ceilingAfter = await measureSignatureCeiling(3_000);
const ceiling = (ceilingBefore + ceilingAfter) / 2 / Number(values.nodes);
report();
watch.close();
devnet.kill('SIGINT');
await new Promise((resolve) => devnet.once('close', resolve));
if (values.keep !== true) rmSync(folder, { recursive: true, force: true });

async function fundSenders(count: number): Promise<Sender[]> {
  const keys = Array.from({ length: count }, (_, i) =>
    fromHex(standardSuite.taggedDigest('hansa/bench-account/v1', fromHex(i.toString(16).padStart(8, '0')))),
  );
  const made = keys.map((key) => ({ key, address: addressOf(key), nonce: 0n }));
  const first: Sender = { key: fromHex(FIRST_KEY), address: addressOf(fromHex(FIRST_KEY)), nonce: 1n };
  const { encodeSignedTransaction } = await import('@hansa/protocol');
  const { toAddressHex } = await import('@hansa/primitives');
  const prepared = made.map((sender) => {
    const raw = encodeSignedTransaction(
      {
        type: 0,
        chainId: ready.chainId,
        nonce: first.nonce++,
        gasLimit: 21_000n,
        maxFeePerGas: 0n,
        maxPriorityFeePerGas: 0n,
        to: toAddressHex(sender.address),
        value: 10n ** 18n,
        data: new Uint8Array(0),
        accessList: [],
      },
      first.key,
    );
    return { hash: hashOf(raw), raw: `0x${bytesToHex(raw)}` };
  });
  const funded = await runOpenLoop(
    prepared,
    { urls: urls.slice(0, 1), perSecond: 400, batchMs: 10, drainMsMax: 20_000 },
    watch.finalAt,
  );
  if (funded.committed !== count)
    throw new Error(
      `only ${funded.committed} of ${count} accounts were funded: ${JSON.stringify([...funded.refusals])}`,
    );
  return made;
}

function addressOf(key: Uint8Array): string {
  return addressToHex(ethereumCrypto.keccak256(fromHex(standardSuite.nodeIdOf(key))).subarray(12));
}

type Measured = LoadReport & {
  readonly cpuMicros: number;
  readonly ownCpuShare: number;
  readonly residentMb: number;
  readonly blockCount: number;
};

async function measure(name: string, perSecond: number, duration: number): Promise<Measured> {
  say(`${name}: ${perSecond} transfers a second for ${duration} s …`);
  const prepared = prepareTransfers(senders, { chainId: ready.chainId, count: perSecond * duration, hashOf });
  const before = ready.nodes.map((node) => processUse(node.pid)?.cpuSeconds ?? 0);
  const ownBefore = process.cpuUsage();
  const wallBefore = performance.now();
  const blocksBefore = watch.blocks.length;
  const result = await runOpenLoop(prepared, { urls, perSecond, batchMs: 5, drainMsMax: 30_000 }, watch.finalAt);
  const used = ready.nodes.map((node, i) => (processUse(node.pid)?.cpuSeconds ?? 0) - (before[i] as number));
  const own = process.cpuUsage(ownBefore);
  const nodeCpu = used.reduce((sum, value) => sum + value, 0);
  say(
    `  ${result.committed} of ${result.offered} final, ${result.rate.toFixed(0)}/s, p50 ${ms(result.latenciesMs, 0.5)} ms, ` +
      `${result.refused} refused, ${result.lost} lost, ${((nodeCpu * 1000) / (performance.now() - wallBefore) / ready.nodes.length).toFixed(2)} cores per node`,
  );
  return {
    ...result,
    cpuMicros: (nodeCpu / ready.nodes.length / Math.max(1, result.committed)) * 1e6,
    ownCpuShare: (own.user + own.system) / 1000 / (performance.now() - wallBefore),
    residentMb: Math.max(...ready.nodes.map((node) => processUse(node.pid)?.residentMb ?? 0)),
    blockCount: watch.blocks.length - blocksBefore,
  };
}

/** One transaction at a time on an idle net. */
async function measureLone(count: number): Promise<number[]> {
  say(`lone transactions: ${count} …`);
  const latencies: number[] = [];
  for (const entry of prepareTransfers(senders, { chainId: ready.chainId, count, hashOf })) {
    const single = await runOpenLoop(
      [entry],
      { urls: urls.slice(0, 1), perSecond: 1_000, batchMs: 1, drainMsMax: 10_000 },
      watch.finalAt,
    );
    latencies.push(...single.latenciesMs);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return latencies.sort((a, b) => a - b);
}

function report(): void {
  const row = (name: string, value: Measured, offered: number): string =>
    `| ${name} | ${offered} | ${value.rate.toFixed(0)} | ${(value.rate / ceiling).toFixed(2)} | ${ms(value.latenciesMs, 0.5)} | ${ms(value.latenciesMs, 0.95)} | ${ms(value.latenciesMs, 0.99)} | ${ms(value.latenciesMs, 1)} | ${value.refused} | ${value.lost} | ${value.cpuMicros.toFixed(0)} | ${(value.ownCpuShare * 100).toFixed(0)} % | ${value.residentMb.toFixed(0)} | ${value.blockCount} |`;
  const lines = [
    `signature ceiling of ${values.nodes} nodes on this machine: ${ceiling.toFixed(0)} transactions/s (${ceilingBefore.toFixed(0)} and ${ceilingAfter.toFixed(0)} recoveries/s on two cores, before and after)`,
    '',
    '| transfers | offered/s | final/s | of ceiling | p50 ms | p95 | p99 | max | refused | lost | node CPU µs/tx | generator, of one core | MB resident | blocks |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    row(`sustained ${seconds} s`, full, rate),
    row('half', half, Math.floor(rate / 2)),
    '',
    `lone transaction on an idle net: p50 ${ms(lone, 0.5)} ms, p95 ${ms(lone, 0.95)} ms, max ${ms(lone, 1)} ms (${lone.length} samples)`,
    ...[...full.refusals].map(([reason, count]) => `refused ${count}: ${reason}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (values.out !== undefined) {
    const strip = (value: Measured): unknown => ({
      ...value,
      latenciesMs: undefined,
      refusals: undefined,
      p50: quantile(value.latenciesMs, 0.5),
      p99: quantile(value.latenciesMs, 0.99),
    });
    writeFileSync(
      values.out,
      `${JSON.stringify({ ceiling, full: strip(full), half: strip(half), loneP50: quantile(lone, 0.5) }, undefined, 2)}\n`,
    );
  }
}

function ms(sorted: readonly number[], share: number): string {
  return quantile(sorted, share).toFixed(0);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
