/** A validator whose key is with a signer, as processes: it votes, and never says two things, whoever is killed, copied or restored. */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  follow,
  HANSA,
  type ReadyNode,
  type RunningNode,
  rpc,
  runHansa,
  startDevnet,
  startNode,
  type TestDevnet,
  until,
} from './kit/devnet.ts';
import { Witness } from './kit/witness.ts';

type Status = {
  voting: boolean;
  whyNoBlock: string | null;
  remedy: string | null;
  certificate: { subject: string; issuer: string; state: string; daysLeft: number } | null;
};

/** The validator whose key moves to the signer. */
const REMOTE = 3;
const root = mkdtempSync(join(tmpdir(), 'hansa-signer-'));
const signerDir = join(root, 'signer');
let net: TestDevnet;
let witness: Witness;
let signer: RunningNode;

const nodeAt = (index: number): ReadyNode => net.ready.nodes[index] as ReadyNode;
const statusOf = (): Promise<Status> => rpc<Status>(nodeAt(REMOTE).rpc, 'hansa_getStatus');
const votes = (): Promise<unknown> =>
  until(
    async () => (await statusOf()).voting && (await votesSigned()) > 0,
    20_000,
    'the validator votes by its signer',
  );

function startSigner(): RunningNode {
  const args = [HANSA, 'signer', '--dir', signerDir, '--log', 'json'];
  return follow(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
}

async function signerMetric(kind: string): Promise<number> {
  const text = await (await fetch(`${nodeAt(REMOTE).admin}/metrics`)).text();
  return Number(new RegExp(`hansa_signer_total\\{kind="${kind}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}
const votesSigned = (): Promise<number> => signerMetric('signed');

async function stopSigner(signal: NodeJS.Signals): Promise<void> {
  signer.kill(signal);
  await signer.exited;
}

/** An authority of the test signs a certificate for the key that the signer holds. */
async function certify(dir: string): Promise<void> {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: root, stdio: 'pipe' });
  const request = await runHansa(['keys', 'request', '--dir', signerDir, '--name', 'node3.example']);
  writeFileSync(join(root, 'node.csr'), request.stdout);
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=ca',
    '-days',
    '30',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'node.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '20',
    '-out',
    join(dir, 'node.crt'),
  );
  const settings = readFileSync(join(dir, 'hansa.toml'), 'utf8');
  writeFileSync(join(dir, 'hansa.toml'), settings.replace(/\[node\]\n/, '[node]\ncertificate = "node.crt"\n'));
}

/** Nobody has seen two contents of one slot. */
async function noConflict(): Promise<void> {
  for (const { index } of net.ready.nodes.filter(({ index: each }) => net.isRunning(each))) {
    expect(await rpc(nodeAt(index).rpc, 'hansa_getMisbehaviour')).toMatchObject([]);
  }
  await witness.check();
}

beforeAll(async () => {
  net = await startDevnet();
  witness = new Witness(net, 9);
  await witness.check();
  await net.kill(REMOTE);
  const { dir } = nodeAt(REMOTE);
  const made = await runHansa(['signer', 'init', '--dir', signerDir, '--node', dir, '--json']);
  expect(made.stderr).toBe('');
  const { socket, nodeId } = JSON.parse(made.stdout) as { socket: string; nodeId: string };
  expect(nodeId).toBe(nodeAt(REMOTE).nodeId);
  expect(existsSync(join(dir, 'node.key'))).toBe(false);
  await certify(dir);
  appendFileSync(join(dir, 'hansa.toml'), `\n[signer]\nsocket = ${JSON.stringify(socket)}\n`);
  signer = startSigner();
}, 120_000);

afterAll(async () => {
  await net?.dispose();
  signer?.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

it('SGN-1: a validator without its key connects and votes by its signer', async () => {
  net.restart(REMOTE);
  await votes();
  await witness.check();
  expect(readFileSync(join(nodeAt(REMOTE).dir, 'node.json'), 'utf8')).toContain(nodeAt(REMOTE).nodeId);
});

it('shows its certificate and the end of it, and warns', async () => {
  const { certificate } = await statusOf();
  expect(certificate).toMatchObject({ subject: 'CN=node3.example', issuer: 'CN=ca', state: 'expiring', daysLeft: 19 });
  const shown = await runHansa(['status', '--dir', nodeAt(REMOTE).dir]);
  expect(shown.stdout).toContain('certificate CN=node3.example: EXPIRES in 19 days');
  expect(net.logOf(REMOTE)).toContain('the certificate of this node expires in 19 days');
  const metrics = await (await fetch(`${nodeAt(REMOTE).admin}/metrics`)).text();
  expect(Number(/hansa_certificate_expiry_seconds (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(Date.now() / 1_000);
});

it('SGN-4: a copy of the node is not served, and the one that is goes on', async () => {
  const copy = join(root, 'copy');
  cpSync(nodeAt(REMOTE).dir, copy, { recursive: true, filter: (name) => !name.endsWith('LOCK') });
  const settings = readFileSync(join(copy, 'hansa.toml'), 'utf8');
  // Other ports: what keeps it from voting shall be the signer.
  writeFileSync(join(copy, 'hansa.toml'), settings.replace(/(tcp\/|port = )\d+/g, '$10'));
  rmSync(join(copy, 'data', 'ledger'), { recursive: true, force: true });
  const second = startNode(copy);
  expect(await second.exited).toBe(1);
  expect(second.stdout()).toContain('SIGNER_BUSY');
  await votes();
  await noConflict();
});

it('SGN-11: a signer that is killed: the validator says so, the chain goes on, and it votes again when the signer is back', async () => {
  await stopSigner('SIGKILL');
  const away = await until(
    async () => {
      const status = await statusOf();
      return status.voting ? undefined : status;
    },
    10_000,
    'the validator says that it does not vote',
  );
  expect(away.whyNoBlock).toMatch(/does not vote: the signer .* is away/);
  expect(away.remedy).toContain('hansa signer --dir');
  await witness.check();
  signer = startSigner();
  await until(async () => (await statusOf()).voting, 10_000, 'it votes again');
  await noConflict();
});

it('SGN-5: a node that was restored from a backup gets nothing signed that contradicts', async () => {
  const backup = join(root, 'votes');
  cpSync(join(nodeAt(REMOTE).dir, 'data', 'votes'), backup, { recursive: true });
  await witness.check();
  await net.kill(REMOTE);
  rmSync(join(nodeAt(REMOTE).dir, 'data', 'votes'), { recursive: true });
  cpSync(backup, join(nodeAt(REMOTE).dir, 'data', 'votes'), { recursive: true });
  net.restart(REMOTE);
  await until(async () => (await statusOf()) !== undefined, 20_000, 'the restored node answers');
  await noConflict();
});

it('SGN-10: a signer whose record was restored is refused by its node', async () => {
  const record = join(signerDir, 'signed');
  await stopSigner('SIGTERM');
  cpSync(record, join(root, 'record'), { recursive: true });
  signer = startSigner();
  await votes();
  await witness.check();
  await until(async () => (await votesSigned()) > 0, 10_000, 'it has signed more');
  await net.kill(REMOTE);
  await stopSigner('SIGTERM');
  rmSync(record, { recursive: true });
  cpSync(join(root, 'record'), record, { recursive: true });
  signer = startSigner();
  const refused = startNode(nodeAt(REMOTE).dir);
  expect(await refused.exited).toBe(1);
  expect(refused.stdout()).toContain('SIGNER_RECORD_OLD');
  expect(refused.stdout()).toContain('hansa start --rebuild');
});
