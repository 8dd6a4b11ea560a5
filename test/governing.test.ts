/** docs/governing.md and docs/tables.md as a reader follows them: every block of commands, on a devnet of four processes. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { initCrypto, standardSuite } from '@hansa/crypto';
import { fromHex, type HashHex } from '@hansa/primitives';
import { type StateKey, verifyStateProof } from '@hansa/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  freePortBase,
  HANSA,
  type ReadyNode,
  type RunningNode,
  rpc,
  startDevnet,
  startNode,
  type TestDevnet,
  until,
} from './kit/devnet.ts';

type Members = { members: { nodeId: string; organisation: string; role: string }[] };
type Proposal = { status: string; code: number; votes: { agree: number } };
type StateProofJson = {
  value: string;
  header: { stateRoot: string };
  certificate: { signatures: unknown[] };
  leaf: { keyHash: string; valueHash: string };
  siblings: string[];
};
type Ran = { line: string; code: number | null; stdout: string; stderr: string };

const root = mkdtempSync(join(tmpdir(), 'hansa-governing-'));
/** Commands of each block, in the order of the page. */
const blocksOf = (name: string): readonly string[][] => {
  const page = readFileSync(join(import.meta.dirname, '../docs', name), 'utf8');
  return [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => (match[1] as string).trim().split('\n'));
};
const blocks = blocksOf('governing.md');
const tableBlocks = blocksOf('tables.md');
let net: TestDevnet;
let ports: { rpcPort: number; p2pPort: number };
let bankG: RunningNode | undefined;
let nextBankG: RunningNode | undefined;
let adminOfBankG = '';
/** What a reader copies from one command into the next. */
const given = { vault: '', invite: '' };
const node = (index: number): ReadyNode => net.ready.nodes[index] as ReadyNode;

/** One line of a shell, with the ports of this test in the place of those of the page. */
function run(line: string): Promise<Ran> {
  const own = line
    .replace('tcp/30310', `tcp/${ports.p2pPort}`)
    .replace('--rpc-port 8560', `--rpc-port ${ports.rpcPort}`)
    .replace('--admin-port 9560', `--admin-port ${ports.rpcPort + 1000}`)
    .replace('$BANK_G_ADMIN', adminOfBankG)
    .replace('tcp/30311', `tcp/${ports.p2pPort + 1}`)
    .replace('--rpc-port 8561', `--rpc-port ${ports.rpcPort + 1}`)
    .replace('--admin-port 9561', `--admin-port ${ports.rpcPort + 1001}`)
    .replace('127.0.0.1:8560', `127.0.0.1:${ports.rpcPort}`)
    .replace('$BANK_G_VAULT', given.vault)
    .replace('$INVITE', given.invite);
  const words = [...own.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? (match[2] as string));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [HANSA, ...words.slice(1)], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
    child.once('close', (code) => resolve({ line, code, ...texts }));
  });
}

/** The commands of a block, all of which must succeed. Gives what each has said. */
async function runBlock(first: string): Promise<readonly string[]> {
  const block = [...blocks, ...tableBlocks].find(([line]) => line?.startsWith(first));
  if (block === undefined) throw new Error(`no block of the page begins with ${first}`);
  const said: string[] = [];
  for (const line of block) {
    const ran = await run(line);
    expect(ran).toMatchObject({ line, code: 0, stderr: '' });
    said.push(ran.stdout);
  }
  return said;
}

const proposal = (id: number): Promise<Proposal> => rpc<Proposal>(node(3).rpc, 'hansa_getProposal', [id]);
const roleOfBankG = async (): Promise<string | undefined> =>
  (await rpc<Members>(node(2).rpc, 'hansa_getMembers')).members.find(({ organisation }) => organisation === 'BankG')
    ?.role;

beforeAll(async () => {
  await initCrypto();
  net = await startDevnet();
  ports = await freePortBase(2);
  mkdirSync(join(root, '.hansa'));
  symlinkSync(dirname(node(0).dir), join(root, '.hansa/devnet'));
}, 120_000);

afterAll(async () => {
  for (const running of [bankG, nextBankG]) running?.kill('SIGTERM');
  await Promise.all([bankG?.exited, nextBankG?.exited, net?.dispose()]);
  rmSync(root, { recursive: true, force: true });
});

describe('docs/governing.md', () => {
  it('every command of the page is a command of the program', () => {
    for (const line of blocks.flat()) expect(line).toMatch(/^hansa (gov|members|init|keys|rotate|invite|join) ?/);
  });

  it('GOV-2: who decides', async () => {
    const [list, members] = await runBlock('hansa gov list');
    expect(list).toMatch(/66 % of the weight must vote, 66 % of that must agree/);
    expect(members).toMatch(/Org3 +Devnet organisation 3/);
  });

  it('GOV-22: a change with all keys at hand is decided at once, with its effect shown', async () => {
    const [made, shown] = await runBlock('hansa gov propose parameter hansa_window 16');
    expect(made).toMatch(/proposal 1 of Org0: passed/);
    expect(shown).toMatch(/"more heights in flight"/);
    expect(shown).toMatch(/faulty ones tolerated +1 +1/);
    expect(shown).toMatch(/in pairs +Org0\+Org1 Org0\+Org2 Org0\+Org3 and 3 more/);
  });

  it('GOV-21, GOV-22: with one key it waits for the others', async () => {
    const [made, second, third] = await runBlock('hansa gov propose parameter hansa_window 8');
    expect(made).toMatch(/proposal 2 of Org0: open/);
    expect(made).toMatch(/hansa gov vote 2 yes/);
    expect(second).toMatch(/votes: 2 yes, 0 no, of 4/);
    expect(third).toMatch(/proposal 2 of Org0: passed/);
    const late = await run('hansa gov vote 2 no --key .hansa/devnet/node3/admin.key');
    expect(late).toMatchObject({ code: 1 });
    expect(late.stderr).toMatch(/proposal 2 is passed, it cannot be voted on/);
  });

  it('GOV-25, GOV-32: revoked; and what takes safety away has to be said', async () => {
    const careless = await run('hansa gov propose rates 80 66 --key .hansa/devnet/node0/admin.key');
    expect(careless).toMatchObject({ code: 1 });
    expect(careless.stderr).toMatch(/could prevent every decision.*acceptRisk/);
    expect(careless.stderr).toMatch(/--accept-risk/);
    await runBlock('hansa gov propose rates 75 66');
    expect(await proposal(3)).toMatchObject({ status: 'revoked' });
  });

  it('GOV-12, GOV-31: what would kill the chain, or weaken it, is refused with the reason', async () => {
    const ids = net.ready.nodes.map(({ nodeId }) => nodeId);
    const refused = async (words: string, reason: RegExp): Promise<void> => {
      const ran = await run(`hansa gov propose ${words}`);
      expect([words.slice(0, 40), ran.code, ran.stdout]).toEqual([words.slice(0, 40), 1, '']);
      expect(ran.stderr).toMatch(reason);
    };
    await refused(`add-observer ${'ab'.repeat(64)} Org0`, /no public key/);
    await refused(`set-weight ${ids[0]} 0`, /a weight from 1/);
    await refused(`remove ${ids[0]}`, /no faulty validator is tolerated any more/);
    await refused(`remove ${ids[0]} + remove ${ids[0]}`, /is named twice/);
    await refused(ids.map((id) => `remove ${id}`).join(' + '), /the last validator cannot be removed/);
    await refused('parameter tx_gas_price 1000000000000000000000000', /tx_gas_price out of range/);
    await refused('nonsense', /cannot be proposed/);
  });

  it('EXE-18: a price does not lock out those who could change it', async () => {
    expect(await run('hansa gov propose parameter tx_gas_price 1000000000')).toMatchObject({ code: 0 });
    const price = (): Promise<string> => rpc<string>(node(1).rpc, 'eth_gasPrice');
    await until(async () => (await price()) === '0x3b9aca00', 20_000, 'the price is in force');
    // These commands send at price 0.
    expect(await run('hansa gov propose parameter tx_gas_price 0')).toMatchObject({ code: 0 });
    await until(async () => (await price()) === '0x0', 20_000, 'the price is gone');
  });

  it('GOV-40 to GOV-42: a new organisation gets a node, and the node a vote when it was seen', async () => {
    await runBlock('hansa init --dir bank-g');
    const card = JSON.parse(readFileSync(join(root, 'bank-g/node.json'), 'utf8')) as {
      nodeId: string;
      admins: string[];
    };
    adminOfBankG = card.admins[0] as string;
    await runBlock('hansa gov propose organisation BankG');
    expect(await roleOfBankG()).toBe('observer');
    const [made] = await runBlock('hansa gov propose add-validator bank-g/node.json');
    expect(made).toMatch(/waits until the validators have attested its candidates/);
    // Nobody attests a node that does not run.
    const status = await run('hansa status');
    expect(status.stdout).toMatch(/BankG .* is candidate since block \d+: proposal \d+/);
    expect(await roleOfBankG()).toBe('candidate');
    bankG = startNode(join(root, 'bank-g'));
    await until(async () => (await roleOfBankG()) === 'validator', 60_000, 'a quorum has attested it');
  });

  it('SUC-10, SUC-5: new admin accounts and a new node key for BankG', async () => {
    const blockOf = (first: string): string[] => blocks.find(([line]) => line?.startsWith(first)) as string[];
    const [makeKey, rotateAdmins] = blockOf('hansa keys new') as [string, string];
    const key = await run(makeKey);
    given.vault = /0x[0-9a-fA-F]{40}/.exec(key.stdout)?.[0] as string;
    const own = await run(rotateAdmins.replace(' --key bank-g-vault.key', ''));
    expect(own.stderr).toMatch(/they sign too, so that a wrong address shuts nobody out/);
    expect(await run(rotateAdmins)).toMatchObject({ code: 0, stderr: '' });
    const late = await run('hansa invite --org BankG --key bank-g/admin.key');
    expect(late.stderr).toMatch(/no key at hand is of an admin of BankG/);
    const [invite, join2] = blockOf('hansa invite') as [string, string];
    given.invite = (await run(invite)).stdout.trim();
    expect(await run(join2)).toMatchObject({ code: 0, stderr: '' });
    nextBankG = startNode(join(root, 'bank-g2'));
    const [said] = await runBlock('hansa rotate node');
    expect(said).toMatch(/has the place of/);
    expect(await roleOfBankG()).toBe('validator');
    const old = await until(
      async () => {
        const status = await run('hansa status --dir bank-g');
        return status.stdout.includes('no member any more') ? status : undefined;
      },
      30_000,
      'the old node knows',
    );
    expect(old.stdout).toMatch(/no member any more: \w+ has its place/);
  }, 120_000);

  it('GOV-62, GOV-63: accounts and deploying', async () => {
    const said = await runBlock('hansa gov propose account');
    for (const text of said) expect(text).toMatch(/: passed/);
  });

  it('MEM-7: what has been decided', async () => {
    const [history, list] = await runBlock('hansa members --history');
    expect(history).toMatch(/organisation BankG: \(none\) -> Bank G; contact ops@bank-g\.example; 1 of 0x/);
    expect(history).toMatch(/parameter hansa_window: 8 -> 16/);
    expect(list).toMatch(/1 +Org0 +passed/);
  });

  it('GOV-55: a file that proves nothing suspends nobody', async () => {
    const proof = { genesisHash: net.ready.genesisHash, nodeId: node(1).nodeId, first: '0x00', second: '0x00' };
    writeFileSync(join(root, 'proof.json'), JSON.stringify(proof));
    const ran = await run('hansa gov suspend-proven proof.json');
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.stderr).toMatch(/the chain refuses the proof/);
  });
});

describe('docs/tables.md', () => {
  it('KV-1, KV-7, KV-8: a table, a row, and who writes', async () => {
    const [made, put, got] = await runBlock('hansa kv create evidence');
    expect(made).toMatch(/table evidence at 0x[0-9a-fA-F]{40}/);
    expect(put).toMatch(/2026\/114 is set in block \d+, transaction 0x/);
    expect(got).toBe('delivered at 10:42, two witnesses\n');
    await runBlock('hansa kv allow evidence');
    const denied = await run('hansa kv put evidence 2026/114 forged --key .hansa/devnet/node1/admin.key');
    expect(denied).toMatchObject({ code: 1, stdout: '' });
    expect(denied.stderr).toMatch(/the chain refuses: Call permission denied\..*\n.*hansa kv allow/);
  });

  it('KV-5, STATE-7: the row is proven under the state root of a certified block', async () => {
    const { stdout } = await run('hansa kv get evidence 2026/114 --json');
    const { stateKey } = JSON.parse(stdout) as { stateKey: string };
    const proof = await rpc<StateProofJson>(node(1).rpc, 'hansa_getProof', [stateKey]);
    expect(Buffer.from(proof.value.slice(2), 'hex').toString()).toBe('delivered at 10:42, two witnesses');
    expect(proof.certificate.signatures.length).toBeGreaterThanOrEqual(3);
    const bare = (text: string): HashHex => text.slice(2) as HashHex;
    const claim = {
      root: bare(proof.header.stateRoot),
      key: stateKey.slice(2) as StateKey,
      value: fromHex(proof.value.slice(2)),
      proof: {
        leaf: { keyHash: bare(proof.leaf.keyHash), valueHash: bare(proof.leaf.valueHash) },
        siblings: proof.siblings.map(bare),
      },
    };
    expect(verifyStateProof(standardSuite, claim)).toBe(true);
    expect(verifyStateProof(standardSuite, { ...claim, value: fromHex('00') })).toBe(false);
  });
});
