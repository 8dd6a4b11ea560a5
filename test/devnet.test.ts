/** `hansa devnet` as a person and as a program sees it: start, first transaction, status, Ctrl-C, and on again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chainOf } from './kit/chain.ts';
import { freePortBase, HANSA, heightOf, isAlive, type ReadyEvent, rpc, runHansa, until } from './kit/devnet.ts';

const root = mkdtempSync(join(tmpdir(), 'hansa-devnet-test-'));
const ports = await freePortBase(6);
const dir = join(root, 'net');
const args = ['devnet', '--dir', dir, '--rpc-port', String(ports.rpcPort), '--p2p-port', String(ports.p2pPort)];
const url = (index: number): string => `http://127.0.0.1:${ports.rpcPort + index}`;
const children: ChildProcess[] = [];

type Running = { readonly child: ChildProcess; readonly text: () => string; readonly exited: Promise<number | null> };

function run(extra: readonly string[] = []): Running {
  const child = spawn(process.execPath, [HANSA, ...args, ...extra], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, text: () => text, exited: new Promise((resolve) => child.once('close', resolve)) };
}

const seen = (running: Running, pattern: RegExp): Promise<RegExpExecArray> =>
  until(
    () => {
      if (running.child.exitCode !== null) throw new Error(`the devnet ended:\n${running.text()}`);
      return pattern.exec(running.text()) ?? undefined;
    },
    60_000,
    `${pattern} in the output`,
  );

async function stopWithin(running: Running, milliseconds: number): Promise<void> {
  const pids = await pidsOf(running);
  const startMs = performance.now();
  running.child.kill('SIGINT');
  expect(await running.exited).toBe(0);
  expect(performance.now() - startMs).toBeLessThan(milliseconds);
  expect(pids.filter(isAlive)).toEqual([]);
}

/** Process ids as the devnet announces them, in either form. */
async function pidsOf(running: Running): Promise<number[]> {
  const pids = [...running.text().matchAll(/pid"?[: ] ?(\d+)/g)].map((match) => Number(match[1]));
  expect(pids).toHaveLength(4);
  return pids;
}

afterAll(() => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
  rmSync(root, { recursive: true, force: true });
});

describe('hansa devnet', () => {
  let firstHash = '';
  let genesisHash = '';
  let height = 0;

  it('starts four processes, shows the first transaction and a status line, and stops within 5 s of Ctrl-C', async () => {
    const running = run();
    const first = await seen(running, /first transaction (0x[0-9a-f]{64}) final in block (\d+) after (\d+) ms/);
    firstHash = first[1] as string;
    expect(Number(first[2])).toBe(1);
    await seen(running, /4\/4 validators · height 1 · tolerates 1 failure · last block \d+\.\d s ago/);
    expect(running.text()).toContain('new consortium of 4');
    genesisHash = (/genesis (0x[0-9a-f]{64})/.exec(running.text()) as RegExpExecArray)[1] as string;
    const pids = await pidsOf(running);
    expect(new Set(pids).size).toBe(4);
    expect(pids.filter(isAlive)).toEqual(pids);
    expect(await rpc(url(3), 'eth_getTransactionReceipt', [firstHash])).toMatchObject({ status: '0x1' });

    const status = await runHansa(['status', '--dir', join(dir, 'node1')]);
    expect(status).toMatchObject({ code: 0, stderr: '' });
    expect(status.stdout).toContain('validator, votes');
    expect(status.stdout).toContain('votes present 4 of 4, needed 3');
    expect(status.stdout).toContain('all is well');
    height = await heightOf(url(0));
    await stopWithin(running, 5_000);
    expect(running.text()).toContain('all nodes have stopped');
  });

  it('goes on where it ended, and speaks JSON', async () => {
    const running = run(['--json']);
    await seen(running, /"event":"transaction"/);
    const events = running
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string } & Partial<Omit<ReadyEvent, 'event'>> & { height?: number });
    expect(events[0]).toMatchObject({ event: 'ready', chainId: 20_200, genesisHash });
    const second = events.find((event) => event.event === 'transaction');
    expect(second?.height).toBe(height + 1);
    const chain = await chainOf(url(2));
    expect(chain[1]?.transactions).toEqual([firstHash]);
    expect(chain[0]?.hash).toBe(genesisHash);
    await stopWithin(running, 5_000);
    expect(JSON.parse(running.text().trimEnd().split('\n').at(-1) as string)).toEqual({ event: 'stopped' });
  });

  it('says when a node has gone, how to start it, and leaves no process behind when it is killed itself', async () => {
    const running = run();
    await seen(running, /first transaction/);
    const pids = await pidsOf(running);
    process.kill(pids[2] as number, 'SIGKILL');
    await seen(running, /node 2 has stopped \(SIGKILL\); start it again: npx hansa start --dir .*node2/);
    await seen(running, /3\/4 validators · height \d+ · tolerates no failure/);
    running.child.kill('SIGKILL');
    await running.exited;
    await until(() => pids.every((pid) => !isAlive(pid)), 10_000, 'the nodes have stopped with the devnet');
  });

  it('refuses other counts of nodes and directories that are no devnet, with a remedy', async () => {
    const other = await runHansa([...args, '--nodes', '5']);
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/CLI_DEVNET_FAILED: the devnet in .* has 4 nodes.*\n.*remedy: .*--clean/);
    const foreign = await runHansa(['devnet', '--dir', root, '--clean']);
    expect(foreign.code).toBe(1);
    expect(foreign.stderr).toContain('is not a devnet, it is not removed');
    const none = await runHansa([...args, '--nodes', '0', '--json']);
    expect(JSON.parse(none.stderr)).toMatchObject({ error: { code: 'CLI_USAGE', remedy: expect.any(String) } });
  });
});
