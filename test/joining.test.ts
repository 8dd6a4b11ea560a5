/** docs/joining.md as a reader follows it, and every invite that must not work: on a devnet of four processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ethereumCrypto, initCrypto, standardSuite as suite } from '@hansa/crypto';
import { concatBytes, fromHex, type HashHex } from '@hansa/primitives';
import {
  decodeInvite,
  encodeInvite,
  type Invite,
  type InviteCard,
  inviteId,
  parseInvite,
  renderInvite,
} from '@hansa/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePortBase, HANSA, type ReadyNode, rpc, startDevnet, type TestDevnet, until } from './kit/devnet.ts';

type Members = { members: { nodeId: string; organisation: string; role: string; reason: string }[] };
type Ran = { code: number | null; stdout: string; stderr: string };
type Running = Ran & { readonly child: ChildProcess; readonly ended: Promise<void> };

const root = mkdtempSync(join(tmpdir(), 'hansa-joining-'));
const page = readFileSync(join(import.meta.dirname, '../docs/joining.md'), 'utf8');
const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => (match[1] as string).trim().split('\n'));
const JOIN_MS_MAX = 15_000;
let net: TestDevnet;
let ports: { rpcPort: number; p2pPort: number };
let bankG: Running | undefined;
/** What a reader puts in for the names of the page. */
const given: Record<string, string> = {};
const node = (index: number): ReadyNode => net.ready.nodes[index] as ReadyNode;

function start(line: string): Running {
  const own = line
    .replace('tcp/30310', `tcp/${ports.p2pPort}`)
    .replace('--rpc-port 8560', `--rpc-port ${ports.rpcPort}`)
    .replace('--admin-port 9560', `--admin-port ${ports.rpcPort + 1000}`)
    .replace(/\$([A-Z_]+)/, (_, name: string) => given[name] ?? '');
  const words = [...own.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? (match[2] as string));
  const child = spawn(process.execPath, [HANSA, ...words.slice(1)], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      running.code = code;
      resolve();
    });
  });
  const running = { child, ended, code: null as number | null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (running.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (running.stderr += chunk.toString()));
  return running;
}

async function run(line: string): Promise<Ran> {
  const running = start(line);
  await running.ended;
  return running;
}

/** The commands of a block of the page, all of which must succeed. */
async function runBlock(first: string): Promise<readonly string[]> {
  const block = blocks.find(([line]) => line?.startsWith(first));
  if (block === undefined) throw new Error(`no block of the page begins with ${first}`);
  const said: string[] = [];
  for (const line of block) {
    const ran = await run(line);
    expect({ line, code: ran.code, stderr: ran.stderr.replace(/^\nlets one node[\s\S]*$/, '') }).toEqual({
      line,
      code: 0,
      stderr: '',
    });
    said.push(ran.stdout);
  }
  return said;
}

const roleOfBankG = async (): Promise<string | undefined> =>
  (await rpc<Members>(node(2).rpc, 'hansa_getMembers')).members.find(({ organisation }) => organisation === 'BankG')
    ?.role;

/** The card of a line, with another content: signed by node 0's admin, unless it is said otherwise. */
function changed(text: string, over: Partial<Invite>, isSigned = true): string {
  const card = parseInvite(suite, text) as { ok: true; value: InviteCard };
  const invite = decodeInvite(card.value.content) as { ok: true; value: Invite };
  const content = encodeInvite({ ...invite.value, ...over });
  const key = fromHex(readFileSync(join(node(0).dir, 'admin.key'), 'utf8').trim());
  const { signature, recovery } = ethereumCrypto.signDigest(fromHex(inviteId(suite, content)), key);
  const signatures = isSigned ? concatBytes(signature, Uint8Array.of(recovery)) : card.value.signatures;
  return renderInvite(suite, { ...card.value, content, signatures });
}

beforeAll(async () => {
  await initCrypto();
  net = await startDevnet();
  ports = await freePortBase(1);
  mkdirSync(join(root, '.hansa'));
  symlinkSync(dirname(node(0).dir), join(root, '.hansa/devnet'));
}, 120_000);

afterAll(async () => {
  bankG?.child.kill('SIGTERM');
  await Promise.all([bankG?.ended, net?.dispose()]);
  rmSync(root, { recursive: true, force: true });
});

describe('docs/joining.md', () => {
  it('JOIN-2: only an organisation that the committee knows is invited', async () => {
    const early = await run('hansa invite --org BankG');
    expect(early.code).toBe(1);
    expect(early.stderr).toMatch(/there is no organisation BankG[\s\S]*hansa gov propose organisation/);
    given['BANK_G_ADMIN'] = '0x'.padEnd(42, '0');
    const [key] = await runBlockWithKey();
    expect(key).toMatch(/0x[0-9a-fA-F]{40}/);
  });

  it('JOIN-1, JOIN-3: an invite is one line; an observer is all it makes', async () => {
    const [line] = await runBlock('hansa invite --org BankG');
    expect(line).toMatch(/^hansa-invite-[A-Za-z0-9_-]+\n$/);
    given['INVITE'] = (line as string).trim();
    const [second] = await runBlock('hansa invite --org BankG');
    given['SECOND_INVITE'] = (second as string).trim();
    expect(given['SECOND_INVITE']).not.toBe(given['INVITE']);
    const validator = await run('hansa invite --org BankG --role validator');
    expect(validator).toMatchObject({ code: 1 });
    expect(validator.stderr).toMatch(/an invite cannot make a validator[\s\S]*add-validator/);
  });

  it('JOIN-10: an altered, expired, unsigned or foreign invite is refused with the reason, and leaves nothing behind', async () => {
    const whole = given['INVITE'] as string;
    const now = Math.floor(Date.now() / 1_000);
    const cases: readonly (readonly [text: string, reason: RegExp])[] = [
      [whole.slice(0, -20), /no whole invite: the invite was not copied whole/],
      [changed(whole, { organisationId: 'Org1' }, false), /not signed by the admins of Org0 \(-51124\)/],
      [changed(whole, { inviterId: 'Org1' }), /not signed by the admins of Org1/],
      [changed(whole, { expiresAt: now - 1 }), /the invite has expired \(-51121\)/],
      [changed(whole, { expiresAt: now + 40 * 86_400 }), /open for too long/],
      [changed(whole, { organisationId: 'BankH' }), /there is no organisation BankH/],
    ];
    for (const [text, reason] of cases) {
      const ran = await run(`hansa join ${text} --dir nobody`);
      expect([ran.code, ran.stdout.includes('let in')]).toEqual([1, false]);
      expect(ran.stderr).toMatch(reason);
    }
    expect(existsSync(join(root, 'nobody'))).toBe(false);
    expect(await roleOfBankG()).toBeUndefined();
  }, 120_000);

  it('JOIN-20 to JOIN-24: two commands, and a new machine is an observer at the head', async () => {
    const [line] = blocks.find(([first]) => first?.startsWith('hansa join')) as [string];
    const began = performance.now();
    bankG = start(line);
    const joining = bankG;
    await until(
      async () => joining.stdout.includes('observer of consortium') || joining.code !== null,
      60_000,
      'the node has joined',
    );
    const tookMs = performance.now() - began;
    expect(joining.stderr).toBe('');
    expect(joining.stdout).toMatch(
      /invited by Org0 to group0 \(chain \d+\), as an observer of BankG\nlet in at height \d+/,
    );
    expect(joining.stdout).toMatch(/observer of consortium group0 at height \d+\n\nTo get a vote/);
    expect(tookMs).toBeLessThan(JOIN_MS_MAX);
    expect(await roleOfBankG()).toBe('observer');
    const [shown, , history] = await runBlock('hansa invite show');
    expect(shown).toMatch(/used at height \d+ by [0-9a-f]{8}…/);
    expect(history).toMatch(/invited by Org0/);
  }, 120_000);

  it('JOIN-12: the same invite lets nobody else in', async () => {
    const again = await run('hansa join $INVITE --dir another');
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/JOIN_REFUSED: the consortium refuses: the invite was used already/);
    const same = await run('hansa join $INVITE --dir bank-g');
    expect(same.stderr).toMatch(/NODE_DIRECTORY_EXISTS/);
    expect(existsSync(join(root, 'another'))).toBe(false);
  });

  it('JOIN-13: a revoked invite lets nobody in', async () => {
    const [revoked] = await runBlock('hansa invite revoke');
    expect(revoked).toMatch(/worthless since height \d+/);
    const ran = await run('hansa join $SECOND_INVITE --dir another');
    expect(ran.stderr).toMatch(/the invite was revoked \(-51123\)/);
    const twice = await run('hansa invite revoke $SECOND_INVITE');
    expect(twice.stderr).toMatch(/revoked already/);
  });

  it('JOIN-20: an invite of another chain finds no door', async () => {
    const third = (await run('hansa invite --org BankG')).stdout.trim();
    const foreign = changed(third, { genesisHash: 'ab'.repeat(32) as HashHex });
    const ran = await run(`hansa join ${foreign} --dir another`);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/JOIN_REFUSED: no entry node of the invite is of its chain; last: .*another genesis/);
    expect(existsSync(join(root, 'another'))).toBe(false);
  }, 60_000);

  it('GOV-40 to GOV-42: the newcomer gets a vote', async () => {
    const [made] = await runBlock('hansa members add-validator');
    expect(made).toMatch(/becomes a validator when a quorum has attested it/);
    await until(async () => (await roleOfBankG()) === 'validator', 60_000, 'a quorum has attested it');
  }, 120_000);
});

/** The block in which an address is copied from the first command into the second. */
async function runBlockWithKey(): Promise<readonly string[]> {
  const block = blocks.find(([line]) => line?.startsWith('hansa keys new')) as string[];
  const key = await run(block[0] as string);
  expect(key).toMatchObject({ code: 0, stderr: '' });
  given['BANK_G_ADMIN'] = /0x[0-9a-fA-F]{40}/.exec(key.stdout)?.[0] as string;
  const proposed = await run(block[1] as string);
  expect(proposed).toMatchObject({ code: 0, stderr: '' });
  return [key.stdout, proposed.stdout];
}
