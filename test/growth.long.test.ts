/**
 * A consortium of four grows to seven and shrinks to four again, under load, by the commands that people use: invite,
 * join, add-validator, rotate, remove; one is demoted by rule and comes back. Nobody who sends transactions may notice.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  follow,
  freePortBase,
  HANSA,
  heightOf,
  type ReadyNode,
  type RunningNode,
  rpc,
  runHansa,
  startDevnet,
  type TestDevnet,
  until,
} from './kit/devnet.ts';
import { createChance, Load } from './kit/load.ts';

type Status = { term: number; voting: boolean; validatorCount: number; quorumWeight: number; toleratedWeight: number };
type Members = { members: { nodeId: string; organisation: string; role: string }[] };
type Bank = { readonly id: string; readonly dir: string; readonly rpc: string; running: RunningNode; nodeId: string };

const INTERVAL_MS_MAX = 3_000;
const JOIN_MS_MAX = 15_000;
/** By number of validators, all of weight 1. */
const TOLERATED = new Map([4, 5, 6, 7].map((count) => [count, Math.floor((count - 1) / 3)]));

const root = mkdtempSync(join(tmpdir(), 'hansa-growth-'));
const banks: Bank[] = [];
let net: TestDevnet;
let ports: { rpcPort: number; p2pPort: number };
let load: Load;
let next: RunningNode | undefined;
let firstHeight = 0;
const node = (index: number): ReadyNode => net.ready.nodes[index] as ReadyNode;
const status = (url: string = node(0).rpc): Promise<Status> => rpc<Status>(url, 'hansa_getStatus');

/** A command of a member with all admin keys of the devnet at hand, which must succeed. */
async function hansa(...args: string[]): Promise<string> {
  const ran = await runHansa([...args, '--dir', node(0).dir]);
  expect([args.slice(0, 3), ran.code, args[0] === 'invite' ? '' : ran.stderr]).toEqual([args.slice(0, 3), 0, '']);
  return ran.stdout;
}

/** The set and the tolerance that a decision announces, once its term has begun. */
async function expectSet(count: number, said: string): Promise<void> {
  expect(said).toMatch(new RegExp(`faulty ones tolerated +\\d +${TOLERATED.get(count)}`));
  await until(async () => (await status()).validatorCount === count, 60_000, `a term with ${count} validators`);
  expect(await status()).toMatchObject({
    quorumWeight: Math.floor((count + (TOLERATED.get(count) as number)) / 2) + 1,
    toleratedWeight: TOLERATED.get(count),
  });
}

async function roleOf(id: string): Promise<string | undefined> {
  const { members } = await rpc<Members>(node(1).rpc, 'hansa_getMembers');
  return members.find(({ organisation }) => organisation === id)?.role;
}

beforeAll(async () => {
  net = await startDevnet();
  ports = await freePortBase(4);
  load = new Load({
    urls: () => net.ready.nodes.map((each) => each.rpc),
    // The first four are the admin accounts.
    accounts: [4, 5, 6, 7, 8, 9],
    chance: createChance(5),
    waitMs: 10_000,
  });
  await load.moreFinal(20);
  firstHeight = await heightOf(node(0).rpc);
}, 120_000);

afterAll(async () => {
  await load?.stop();
  const all = [...banks.map(({ running }) => running), ...(next === undefined ? [] : [next])];
  for (const running of all) running.kill('SIGTERM');
  await Promise.all([...all.map((running) => running.exited), net?.dispose()]);
  rmSync(root, { recursive: true, force: true });
});

describe('a consortium that grows and shrinks under load', () => {
  it.each([5, 6, 7])('JOIN-10, GOV-42: validator %i: decided, invited, joined, attested', async (count) => {
    const id = `Bank${count}`;
    const at = count - 5;
    const key = (await runHansa(['keys', 'new', join(root, `${id}.key`)])).stdout;
    const admin = /0x[0-9a-fA-F]{40}/.exec(key)?.[0] as string;
    await hansa('gov', 'propose', 'organisation', id, id, `ops@${id.toLowerCase()}.example`, '1', admin);
    const invite = (await hansa('invite', '--org', id)).trim();
    const dir = join(root, id);
    const url = `http://127.0.0.1:${ports.rpcPort + at}`;
    const began = performance.now();
    const child: ChildProcess = spawn(
      process.execPath,
      [
        ...[HANSA, 'join', invite, '--dir', dir, '--p2p', `/ip4/127.0.0.1/tcp/${ports.p2pPort + at}`],
        ...['--rpc-port', String(ports.rpcPort + at), '--admin-port', String(ports.rpcPort + 1_000 + at)],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const running = follow(child);
    await until(() => running.stdout().includes('observer of consortium'), 60_000, `${id} is an observer at the head`);
    const tookMs = Math.round(performance.now() - began);
    process.stdout.write(`${id}: observer at the head after ${tookMs} ms, height ${await heightOf(url)}\n`);
    expect(tookMs).toBeLessThan(JOIN_MS_MAX);
    const { nodeId } = await rpc<{ nodeId: string }>(url, 'hansa_getStatus');
    banks.push({ id, dir, rpc: url, running, nodeId });
    const said = await hansa('members', 'add-validator', nodeId);
    await until(async () => (await roleOf(id)) === 'validator', 60_000, `${id} is attested`);
    await expectSet(count, said);
    await until(async () => (await status(url)).voting, 20_000, `${id} votes`);
    await load.moreFinal(50);
  });

  it('SUC-5, SUC-10: new keys for an organisation and its node: seven vote at each moment', async () => {
    const bank = banks[2] as Bank;
    const key = join(root, 'vault.key');
    const admin = /0x[0-9a-fA-F]{40}/.exec((await runHansa(['keys', 'new', key])).stdout)?.[0] as string;
    const old = join(root, `${bank.id}.key`);
    await hansa('rotate', 'admins', bank.id, '--admin', admin, '--key', old, '--key', key);
    const refused = await runHansa(['invite', '--org', bank.id, '--key', old, '--dir', node(0).dir]);
    expect(refused.code).toBe(1);
    const invite = (await hansa('invite', '--org', bank.id, '--key', key)).trim();
    const dir = join(root, 'next');
    const at = 3;
    const url = `http://127.0.0.1:${ports.rpcPort + at}`;
    const running = follow(
      spawn(
        process.execPath,
        [
          ...[HANSA, 'join', invite, '--dir', dir, '--p2p', `/ip4/127.0.0.1/tcp/${ports.p2pPort + at}`],
          ...['--rpc-port', String(ports.rpcPort + at), '--admin-port', String(ports.rpcPort + 1_000 + at)],
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      ),
    );
    next = running;
    await until(() => running.stdout().includes('observer of consortium'), 60_000, 'the new node is at the head');
    const { nodeId } = await rpc<{ nodeId: string }>(url, 'hansa_getStatus');
    const { term } = await status();
    const rotated = await runHansa(['rotate', 'node', nodeId, '--dir', bank.dir, '--key', key, '--rpc', node(0).rpc]);
    expect(rotated).toMatchObject({ code: 0, stderr: '' });
    await until(async () => (await status()).term > term, 60_000, 'the next term');
    await until(async () => (await status(url)).voting, 20_000, 'the new key votes');
    expect(await status()).toMatchObject({ validatorCount: 7, toleratedWeight: 2 });
    await until(async () => !(await status(bank.rpc)).voting, 20_000, 'the old key does not');
    bank.running.kill('SIGTERM');
    await bank.running.exited;
    Object.assign(bank, { dir, rpc: url, running, nodeId });
    next = undefined;
    await load.moreFinal(50);
  });

  it('GOV-50: one that stays away becomes an observer by rule, and comes back as every candidate does', async () => {
    const bank = banks[0] as Bank;
    // Short terms, so that some of them do not take an hour.
    await hansa(
      ...['gov', 'propose', 'parameter', 'consensus_leader_period', '8'],
      '+',
      'parameter',
      'hansa_demotion_terms',
      '3',
    );
    bank.running.kill('SIGKILL');
    await bank.running.exited;
    await until(async () => (await roleOf(bank.id)) === 'observer', 120_000, `${bank.id} is demoted`);
    await until(async () => (await status()).validatorCount === 6, 60_000, 'a term without it');
    bank.running = follow(
      spawn(process.execPath, [HANSA, 'start', '--dir', bank.dir], { stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    const said = await hansa('members', 'add-validator', bank.nodeId);
    await until(async () => (await roleOf(bank.id)) === 'validator', 60_000, `${bank.id} is attested`);
    await expectSet(7, said);
    await hansa(
      ...['gov', 'propose', 'parameter', 'consensus_leader_period', '256'],
      '+',
      'parameter',
      'hansa_demotion_terms',
      '0',
    );
    await until(async () => (await status(bank.rpc)).voting, 20_000, `${bank.id} votes`);
    await load.moreFinal(50);
  });

  it('seven tolerate two: two are killed, and blocks go on', async () => {
    for (const { running } of banks.slice(0, 2)) {
      running.kill('SIGKILL');
      await running.exited;
    }
    await load.moreFinal(50);
    for (const bank of banks.slice(0, 2)) {
      bank.running = follow(
        spawn(process.execPath, [HANSA, 'start', '--dir', bank.dir], { stdio: ['ignore', 'pipe', 'pipe'] }),
      );
      await until(async () => (await status(bank.rpc)).voting, 30_000, `${bank.id} votes again`);
    }
  });

  it.each([6, 5, 4])('MEM-15, GOV-31: back to %i', async (count) => {
    const { nodeId } = banks[count - 4] as Bank;
    const said = await hansa('members', 'remove', nodeId, ...(count === 6 ? ['--accept-risk'] : []));
    await expectSet(count, said);
    await load.moreFinal(50);
  });

  it('no request failed, no block came late, every transaction is there once', async () => {
    await load.stop();
    expect([...load.refusals]).toEqual([]);
    const last = await heightOf(node(0).rpc);
    const seen = new Set<string>();
    let before = 0;
    let longest = 0;
    for (let height = firstHeight; height <= last; height++) {
      const block = await rpc<{ timestampMs?: string; timestamp: string; transactions: string[] }>(
        node(0).rpc,
        'eth_getBlockByNumber',
        [`0x${height.toString(16)}`, false],
      );
      const { timestamp } = await rpc<{ timestamp: string }>(node(0).rpc, 'hansa_getHeader', [
        `0x${height.toString(16)}`,
      ]);
      if (before > 0) longest = Math.max(longest, Number(timestamp) - before);
      before = Number(timestamp);
      for (const hash of block.transactions) {
        expect(seen.has(hash)).toBe(false);
        seen.add(hash);
      }
    }
    process.stdout.write(`${last - firstHeight} blocks, the longest interval ${longest} ms\n`);
    expect(longest).toBeLessThan(INTERVAL_MS_MAX);
  });
});
