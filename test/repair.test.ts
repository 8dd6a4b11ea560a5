/** What an operator does with a node that was damaged, copied or taken away; and a consortium without any shared key. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendFinal } from './kit/chain.ts';
import {
  freePortBase,
  heightOf,
  type ReadyNode,
  type RunningNode,
  rpc,
  runHansa,
  startDevnet,
  startNode,
  type TestDevnet,
  until,
} from './kit/devnet.ts';
import { endTerm } from './kit/terms.ts';
import { Wallet } from './kit/wallet.ts';
import { Witness } from './kit/witness.ts';

type Status = { voting: boolean; term: number; whyNoBlock: string | null };

const VICTIM = 2;
const LATER_TERMS_MAX = 4;
const root = mkdtempSync(join(tmpdir(), 'hansa-repair-'));
let net: TestDevnet;
let witness: Witness;
const admin = new Wallet(1);
/** Of `consensus_leader_period`. Only a value that is another one than before ends a term. */
let leaderPeriod = 256;

const nodeAt = (index: number): ReadyNode => net.ready.nodes[index] as ReadyNode;
const statusAt = (index: number): Promise<Status> => rpc<Status>(nodeAt(index).rpc, 'hansa_getStatus');
const back = (): Promise<unknown> => until(async () => (await statusAt(VICTIM)).voting, 30_000, 'the node votes again');
const genesisFile = (): string => join(nodeAt(0).dir, 'genesis.json');

beforeAll(async () => {
  net = await startDevnet();
  witness = new Witness(net, 9);
  for (let i = 0; i < 5; i++) await witness.check();
}, 120_000);

afterEach(async () => {
  if (!net.isRunning(VICTIM)) net.restart(VICTIM);
  await back();
  await witness.check();
});

afterAll(async () => {
  await net.dispose();
  rmSync(root, { recursive: true, force: true });
});

/** Waits for the end of a start that is to fail, and gives what it said. */
async function refusedStart(dir: string, extra: readonly string[] = []): Promise<string> {
  const node = startNode(dir, { extra });
  await until(() => /"remedy"|this validator votes/.test(node.stdout()), 20_000, 'the start is refused');
  node.kill('SIGTERM');
  expect(await node.exited, node.stdout()).toBe(1);
  return node.stdout();
}

/**
 * PBFT-T3: it votes from the term on whose base is above what the members of the one before have answered. The question is
 * put once a second, so that of terms as short as these, one or two may begin before the answers are there.
 */
async function votesInALaterTerm(): Promise<void> {
  for (let i = 0; i < LATER_TERMS_MAX; i++) {
    leaderPeriod++;
    await endTerm(nodeAt(0).rpc, admin, String(leaderPeriod));
    const { term } = await statusAt(0);
    await until(async () => (await statusAt(VICTIM)).term === term, 10_000, 'it is in the new term');
    const votes = async (): Promise<boolean> => (await statusAt(VICTIM)).voting;
    if (await until(votes, 3_000, 'it votes').catch(() => false)) return;
  }
  throw new Error(`it does not vote in the term ${LATER_TERMS_MAX} after its loss`);
}

describe('a running node', () => {
  it('is backed up consistently while it commits; the copy verifies and holds no key and no votes', async () => {
    const copy = join(root, 'backup');
    const [backup] = await Promise.all([
      runHansa(['backup', '--dir', nodeAt(1).dir, '--to', copy, '--json']),
      witness.check(),
    ]);
    expect(backup).toMatchObject({ code: 0, stderr: '' });
    const { height } = JSON.parse(backup.stdout) as { height: number };
    expect(height).toBeGreaterThanOrEqual(5);
    const verified = await runHansa([
      ...['verify', '--ledger', copy, '--genesis', genesisFile(), '--execute', '--json'],
    ]);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, height, executed: true });
    const files = readdirSync(copy, { recursive: true }).map(String);
    expect(files.filter((name) => /key|votes|token|journal/.test(name))).toEqual([]);
  });

  it('is verified over RPC from the genesis file, and not from another one', async () => {
    const args = ['verify', '--rpc', nodeAt(0).rpc, '--json', '--genesis'];
    const verified = await runHansa([...args, genesisFile()]);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, genesisHash: net.ready.genesisHash });
    const other = join(root, 'other.json');
    const genesis = JSON.parse(readFileSync(genesisFile(), 'utf8')) as { timestamp: number };
    writeFileSync(other, JSON.stringify({ ...genesis, timestamp: genesis.timestamp + 1 }));
    const refused = await runHansa([...args, other]);
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'CLI_VERIFY_FAILED' } });
  });

  it('stops within 5 s of SIGTERM, with exit code 0', async () => {
    await net.kill(VICTIM);
    const node = net.restart(VICTIM);
    await back();
    const startMs = performance.now();
    node.kill('SIGTERM');
    expect(await node.exited).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});

describe('a damaged ledger', () => {
  it('is refused with the remedy, and healed from the peers by --rebuild', async () => {
    await net.kill(VICTIM);
    const ledger = join(nodeAt(VICTIM).dir, 'data', 'ledger');
    for (const name of readdirSync(ledger).filter((file) => /\.(ldb|log)$/.test(file))) {
      const file = join(ledger, name);
      const bytes = readFileSync(file);
      if (bytes.length > 0)
        writeFileSync(
          file,
          bytes.map((byte, at) => (at % 97 === 50 ? byte ^ 0xff : byte)),
        );
    }
    expect(await refusedStart(nodeAt(VICTIM).dir)).toMatch(/"code":"LEDGER_[A-Z_]+".*--rebuild/);
    const node = net.restart(VICTIM, { extra: ['--rebuild'] });
    await back();
    expect(node.stdout()).toContain('fetched again from the peers');
    expect(existsSync(`${ledger}.damaged`)).toBe(true);
    const head = await heightOf(nodeAt(0).rpc);
    await until(async () => (await heightOf(nodeAt(VICTIM).rpc)) >= head, 10_000, 'it has the chain');
  });
});

describe('a lost vote store', () => {
  it('is refused with the remedy; with --rebuild the node votes when a quorum has answered', async () => {
    await net.kill(VICTIM);
    rmSync(join(nodeAt(VICTIM).dir, 'data', 'votes'), { recursive: true });
    expect(await refusedStart(nodeAt(VICTIM).dir)).toMatch(/"code":"NODE_VOTE_STORE_LOST".*--rebuild/);
    net.restart(VICTIM, { extra: ['--rebuild'] });
    await until(async () => (await statusAt(VICTIM)).whyNoBlock?.includes('in a later term'), 30_000, 'it says when');
    // It has fetched the whole chain; in this term it never votes, whatever comes.
    await witness.check();
    expect((await statusAt(VICTIM)).voting).toBe(false);
    await until(async () => (await rpc<Status>(nodeAt(0).rpc, 'hansa_getStatus')).voting, 10_000, 'the others vote');
    await votesInALaterTerm();
    // Now its vote is needed.
    await net.kill(3);
    await witness.check({ nodes: [0, 1, 2] });
    net.restart(3);
    await until(async () => (await statusAt(3)).voting, 30_000, 'all four vote');
  });

  it('one copy of two may be damaged: it is healed from the other at the next start', async () => {
    await net.kill(VICTIM);
    const copy = join(nodeAt(VICTIM).dir, 'data', 'votes', 'a.votes');
    const before = statSync(copy).size;
    expect(before).toBeGreaterThan(0);
    writeFileSync(
      copy,
      readFileSync(copy).map((byte, at) => (at === 70 ? byte ^ 1 : byte)),
    );
    const node = net.restart(VICTIM);
    await back();
    expect(node.stdout()).toMatch(/a\.votes/);
  });
});

describe('a copy of a node with its key', () => {
  it('that runs beside it is noticed: never do two vote with one key', async () => {
    const { rpcPort, p2pPort } = await freePortBase(1);
    const dir = join(root, 'copy');
    cpSync(nodeAt(VICTIM).dir, dir, { recursive: true, filter: (name) => !/(hansa\.lock|LOCK|node\.log)$/.test(name) });
    const settings = readFileSync(join(dir, 'hansa.toml'), 'utf8')
      .replace(nodeAt(VICTIM).p2p, `/ip4/127.0.0.1/tcp/${p2pPort}`)
      .replace(/(\[rpc\]\nport = )\d+/, `$1${rpcPort}`)
      .replace(/(\[admin\]\nport = )\d+/, `$1${rpcPort + 1000}`);
    writeFileSync(join(dir, 'hansa.toml'), settings);
    const copy = startNode(dir);
    try {
      const copyUrl = `http://127.0.0.1:${rpcPort}`;
      const statusOfCopy = await until(() => rpc<Status>(copyUrl, 'hansa_getStatus'), 20_000, 'the copy answers');
      expect(statusOfCopy).toBeDefined();
      // Transactions make both want to vote.
      for (let i = 0; i < 3; i++) await witness.check({ nodes: [0, 1, 3] });
      // The later start of the two is the copy's: the others acknowledge it, and tell the first of it.
      await until(
        async () => {
          const [later, first] = [await rpc<Status>(copyUrl, 'hansa_getStatus'), await statusAt(VICTIM)];
          return later.voting && !first.voting;
        },
        20_000,
        'one of them votes, the other has stopped',
      );
    } finally {
      copy.kill('SIGTERM');
      await copy.exited;
    }
    // The others have heard of a later start with this key than the first store knows of: it counts as rolled back.
    await net.kill(VICTIM);
    net.restart(VICTIM);
    await until(async () => (await statusAt(VICTIM)).whyNoBlock?.includes('in a later term'), 30_000, 'it says when');
    await votesInALaterTerm();
  });
});

describe('a consortium without a shared key', () => {
  const running: RunningNode[] = [];

  afterAll(async () => {
    for (const node of running) node.kill('SIGTERM');
    await Promise.all(running.map((node) => node.exited));
  });

  it('each organisation makes its node, one makes the genesis, all compare its hash and start', async () => {
    const { rpcPort, p2pPort } = await freePortBase(4);
    const names = ['BankA', 'BankB', 'Court', 'Notary'];
    const dirs = names.map((name) => join(root, name));
    const makeNode = async (dir: string, index: number): Promise<void> => {
      const made = await runHansa([
        ...['init', '--dir', dir, '--org', names[index] as string, '--json'],
        ...['--p2p', `/ip4/127.0.0.1/tcp/${p2pPort + index}`],
        ...['--rpc-port', String(rpcPort + index), '--admin-port', String(rpcPort + 1000 + index)],
      ]);
      expect(made).toMatchObject({ code: 0, stderr: '' });
      const keys = await runHansa(['keys', 'show', '--dir', dir, '--json']);
      expect(JSON.parse(keys.stdout)).toMatchObject({ nodeId: (JSON.parse(made.stdout) as { nodeId: string }).nodeId });
      expect(made.stdout + keys.stdout).not.toContain(readFileSync(join(dir, 'node.key'), 'utf8').trim());
      expect(statSync(join(dir, 'node.key')).mode & 0o777).toBe(0o600);
    };
    await Promise.all(dirs.map(makeNode));
    const funded = new Wallet(0);
    const genesis = join(root, 'consortium.json');
    const created = await runHansa([
      ...['genesis', 'create', '--chain-id', '20200', '--out', genesis, '--json'],
      ...dirs.flatMap((dir) => ['--card', join(dir, 'node.json')]),
      ...['--account', `${funded.address}=${10n ** 18n}`, '--parameter', 'hansa_window=4'],
    ]);
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const { genesisHash } = JSON.parse(created.stdout) as { genesisHash: string };
    const compare = async (dir: string): Promise<void> => {
      cpSync(genesis, join(dir, 'genesis.json'));
      const shown = await runHansa(['genesis', 'show', join(dir, 'genesis.json'), '--json']);
      expect((JSON.parse(shown.stdout) as { genesisHash: string }).genesisHash).toBe(genesisHash);
    };
    await Promise.all(dirs.map(compare));
    running.push(...dirs.map((dir) => startNode(dir)));
    const url = `http://127.0.0.1:${rpcPort}`;
    await until(async () => (await rpc<Status>(url, 'hansa_getStatus')).voting, 40_000, 'the first node votes');
    expect(await sendFinal(url, (await funded.sign()).raw)).toMatchObject({ status: '0x1' });
    expect(await rpc(url, 'hansa_getStatus')).toMatchObject({ genesisHash });
    await until(
      async () => (await rpc<{ presentWeight: number }>(url, 'hansa_getStatus')).presentWeight === 4,
      10_000,
      'all four are here',
    );
  });
});
