/** A consortium without work: no blocks, hardly any CPU, bounded memory. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { heightOf, rpc, startDevnet, type TestDevnet, until } from './kit/devnet.ts';

const WATCH_MS = 10_000;
const CPU_SHARE_MAX = 0.03;
const RESIDENT_MB_MAX = 300;

let net: TestDevnet;

beforeAll(async () => {
  net = await startDevnet();
  await until(() => net.events.some((event) => event.event === 'status'), 20_000, 'the first transaction');
}, 120_000);

afterAll(() => net.dispose());

type Use = { readonly cpuSeconds: number; readonly residentMb: number };

/** From /proc: all threads of a process together. */
function useOf(pid: number): Use {
  const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const residentKb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond, residentMb: residentKb / 1024 };
}

/** Idleness has no event to wait for: the time itself is what is tested. */
const elapsed = (sinceMs: number): Promise<true> =>
  until(() => performance.now() - sinceMs >= WATCH_MS, WATCH_MS + 5_000, 'the time of watching');

it('makes no empty block, and uses less than 3 % of a core and 300 MB per node', async () => {
  const heights = await Promise.all(net.ready.nodes.map((node) => heightOf(node.rpc)));
  const hasProc = existsSync('/proc/self/stat');
  const before = hasProc ? net.ready.nodes.map((node) => useOf(node.pid)) : [];
  const startMs = performance.now();
  await elapsed(startMs);
  const seconds = (performance.now() - startMs) / 1000;
  const after = hasProc ? net.ready.nodes.map((node) => useOf(node.pid)) : [];
  expect(await Promise.all(net.ready.nodes.map((node) => heightOf(node.rpc)))).toEqual(heights);
  expect(await rpc(net.ready.nodes[0]?.rpc as string, 'hansa_getStatus')).toMatchObject({ whyNoBlock: null });
  const figures = after.map(({ cpuSeconds, residentMb }, index) => ({
    node: index,
    cpuShare: (cpuSeconds - (before[index] as Use).cpuSeconds) / seconds,
    residentMb,
  }));
  for (const { node, cpuShare, residentMb } of figures)
    console.info(`idle node ${node}: ${(cpuShare * 100).toFixed(2)} % of a core, ${residentMb.toFixed(0)} MB`);
  for (const { cpuShare, residentMb } of figures) {
    expect(cpuShare, JSON.stringify(figures)).toBeLessThan(CPU_SHARE_MAX);
    expect(residentMb, JSON.stringify(figures)).toBeLessThan(RESIDENT_MB_MAX);
  }
});
