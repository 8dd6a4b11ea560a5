/** What is wrong around a node: its settings, its genesis, its ports, its clock, its disk. It says what to do, and nothing is lost. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
  startNode,
  type TestDevnet,
  until,
} from './kit/devnet.ts';
import { Load } from './kit/load.ts';
import { Witness } from './kit/witness.ts';

type Status = {
  primary: string;
  voting: boolean;
  height: string;
  whyNoBlock: string | null;
  peers: { clockOffsetMs: number | null }[];
};
type Failure = { readonly code: string; readonly message: string; readonly remedy?: string };
type LogLine = { readonly msg?: string } & Partial<Failure>;

/** The node whose surroundings are wrong. */
const VICTIM = 3;
const root = mkdtempSync(join(tmpdir(), 'hansa-bad-setup-'));
let net: TestDevnet;
let witness: Witness;

const nodeAt = (index: number): ReadyNode => net.ready.nodes[index] as ReadyNode;
const statusAt = (index: number): Promise<Status> => rpc<Status>(nodeAt(index).rpc, 'hansa_getStatus');
const back = (index: number): Promise<unknown> =>
  until(async () => (await statusAt(index)).voting, 20_000, `node ${index} votes again`);

/** Failures in a node's log in JSON: of a start that fails, or of a node that must stop. */
function failuresOf(text: string): Failure[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine & { error?: Failure })
    .flatMap(({ error, ...line }) => {
      if (error !== undefined) return [error];
      const { code, msg, remedy } = line;
      return code === undefined || remedy === undefined ? [] : [{ code, message: msg ?? '', remedy }];
    });
}

async function failedStart(node: RunningNode): Promise<Failure> {
  const code = await Promise.race([
    node.exited,
    until(() => /votes|observer/.test(node.stdout()) && 'it runs', 20_000, 'the start fails').catch(String),
  ]);
  if (code !== 1) node.kill('SIGKILL');
  expect(code, node.stdout()).toBe(1);
  const failure = failuresOf(node.stdout())[0];
  expect(failure?.remedy, node.stdout()).toMatch(/\w/);
  return failure as Failure;
}

/** Holds a port, and takes no connection. */
async function occupy(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

beforeAll(async () => {
  net = await startDevnet();
  witness = new Witness(net, 9);
  await witness.check();
}, 120_000);

afterEach(async () => {
  for (const { index } of net.ready.nodes) {
    if (net.isRunning(index)) continue;
    net.restart(index);
    await back(index);
  }
  await witness.check();
});
afterAll(async () => {
  await net.dispose();
  rmSync(root, { recursive: true, force: true });
});

describe('a directory that is in use', () => {
  it('a second process on it is refused, naming the first', async () => {
    const line = await failedStart(startNode(nodeAt(VICTIM).dir));
    expect(line.code).toMatch(/LOCKED/);
    expect(line.remedy).toContain(String(nodeAt(VICTIM).pid));
    expect((await statusAt(VICTIM)).voting).toBe(true);
  });

  it('--rebuild is refused too, and throws nothing away', async () => {
    const line = await failedStart(startNode(nodeAt(VICTIM).dir, { extra: ['--rebuild'] }));
    expect(line.code).toMatch(/LOCKED/);
  });
});

describe('settings', () => {
  it.each([
    { name: 'no TOML', text: '[rpc\nport = 1', expected: /not valid TOML/ },
    { name: 'an unknown key', text: '[rpc]\nprot = 8545', expected: /rpc.*prot/ },
    { name: 'a port that is none', text: '[rpc]\nport = 99999', expected: /rpc\.port/ },
    { name: 'a wrong type', text: '[p2p]\nlisten = "/ip4/127.0.0.1/tcp/1"', expected: /p2p\.listen/ },
    { name: 'RPC open to all by mistake', text: '[rpc]\nhost = "0.0.0.0"', expected: /rpc\.allow_remote/ },
  ])('corrupt toml: $name', async ({ text, expected }) => {
    const dir = mkdtempSync(join(root, 'toml-'));
    writeFileSync(join(dir, 'hansa.toml'), text);
    const { code, stderr } = await runHansa(['start', '--dir', dir]);
    expect(code).toBe(1);
    expect(stderr).toContain('error NODE_CONFIG_INVALID');
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/remedy: .*docs\/configuration\.md/);
  });

  it('a directory that is none, a key that others can read, a key that is none', async () => {
    const missing = await runHansa(['start', '--dir', join(root, 'nowhere'), '--json']);
    expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: 'NODE_CONFIG_UNREADABLE' } });
    const dir = join(root, 'exposed');
    await runHansa(['init', '--dir', dir, '--org', 'X', '--genesis', join(nodeAt(0).dir, 'genesis.json')]);
    const key = join(dir, 'node.key');
    spawnSync('chmod', ['644', key]);
    expect((await failedStart(startNode(dir))).code).toBe('NODE_KEY_EXPOSED');
    spawnSync('chmod', ['600', key]);
    writeFileSync(key, 'no key');
    expect((await failedStart(startNode(dir))).code).toBe('NODE_KEY_INVALID');
  });
});

describe('an encrypted node key', () => {
  it('starts with its passphrase only, and says what to do without it', async () => {
    await net.kill(VICTIM);
    const { dir } = nodeAt(VICTIM);
    const file = join(root, 'passphrase');
    writeFileSync(file, 'a passphrase for tests\n', { mode: 0o600 });
    const plain = readFileSync(join(dir, 'node.key'), 'utf8').trim();
    expect(await runHansa(['keys', 'encrypt', '--dir', dir, '--passphrase-file', file])).toMatchObject({ code: 0 });
    expect(readFileSync(join(dir, 'node.key'), 'utf8')).not.toContain(plain);
    const again = await runHansa(['keys', 'encrypt', '--dir', dir, '--passphrase-file', file]);
    expect(again.stderr).toMatch(/encrypted already[\s\S]*remedy: .*--old-passphrase-file/);

    expect((await failedStart(startNode(dir))).code).toBe('NODE_PASSPHRASE_MISSING');
    const wrong = startNode(dir, { env: { HANSA_PASSPHRASE: 'another passphrase' } });
    expect((await failedStart(wrong)).code).toBe('NODE_KEY_PASSPHRASE_WRONG');
    spawnSync('chmod', ['640', file]);
    const exposed = startNode(dir, { env: { HANSA_PASSPHRASE_FILE: file } });
    expect((await failedStart(exposed)).code).toBe('NODE_PASSPHRASE_EXPOSED');
    spawnSync('chmod', ['600', file]);

    const settings = readFileSync(join(dir, 'hansa.toml'), 'utf8');
    writeFileSync(join(dir, 'hansa.toml'), `${settings}\n[keys]\npassphrase_file = ${JSON.stringify(file)}\n`);
    net.restart(VICTIM);
    await back(VICTIM);
    const shown = await runHansa(['keys', 'show', '--dir', dir, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ nodeId: nodeAt(VICTIM).nodeId, nodeKeyEncrypted: true });
    expect(await runHansa(['keys', 'decrypt', '--dir', dir, '--passphrase-file', file])).toMatchObject({ code: 0 });
    expect(readFileSync(join(dir, 'node.key'), 'utf8').trim()).toBe(plain);
  });
});

describe('ports that are taken', () => {
  it('of RPC, P2P or admin: the start fails and names it', async () => {
    await net.kill(VICTIM);
    for (const which of ['rpc', 'p2p', 'admin'] as const) {
      const port = Number(/(\d+)$/.exec(nodeAt(VICTIM)[which])?.[1]);
      const server = await occupy(port);
      try {
        const line = await failedStart(startNode(nodeAt(VICTIM).dir));
        expect(line.message).toContain(String(port));
        expect(line.code).toMatch(/PORT_BUSY|ADDRESS_IN_USE/);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    }
  });

  it('hansa devnet says it before anything is started', async () => {
    const { rpcPort } = await freePortBase(8);
    const { stderr, code } = await runHansa([
      ...['devnet', '--dir', join(root, 'busy'), '--rpc-port', String(rpcPort)],
      ...['--p2p-port', nodeAt(0).p2p.split('/').at(-1) as string],
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/NODE_PORT_BUSY: port \d+ on 127\.0\.0\.1 is in use\n[\s\S]*remedy: /);
  });
});

describe('another genesis', () => {
  const other = (): string => {
    const genesis = JSON.parse(readFileSync(join(nodeAt(0).dir, 'genesis.json'), 'utf8')) as { timestamp: number };
    return JSON.stringify({ ...genesis, timestamp: genesis.timestamp + 1 });
  };

  it('beside a ledger: the start is refused, the ledger is left alone', async () => {
    await net.kill(VICTIM);
    const file = join(nodeAt(VICTIM).dir, 'genesis.json');
    const right = readFileSync(file, 'utf8');
    writeFileSync(file, other());
    try {
      const line = await failedStart(startNode(nodeAt(VICTIM).dir));
      expect(line.code).toBe('LEDGER_WRONG_GENESIS');
    } finally {
      writeFileSync(file, right);
    }
  });

  it('on a fresh node with a member’s key: both sides say so in one line, and it gets no block', async () => {
    await net.kill(VICTIM);
    const dir = join(root, 'fork');
    cpSync(nodeAt(VICTIM).dir, dir, { recursive: true });
    rmSync(join(dir, 'data'), { recursive: true });
    const fresh = join(root, 'fresh');
    const made = await runHansa(['init', '--dir', fresh, '--org', 'Y']);
    expect(made.code).toBe(0);
    cpSync(join(fresh, 'data'), join(dir, 'data'), { recursive: true });
    writeFileSync(join(dir, 'genesis.json'), other());
    const fork = startNode(dir);
    try {
      await until(() => /another genesis/.test(fork.stdout()), 20_000, 'the stranger says why');
      const log = (): string => readFileSync(join(nodeAt(0).dir, 'node.log'), 'utf8');
      await until(() => /another genesis/.test(log()), 20_000, 'the member says why');
      expect(await heightOf(nodeAt(VICTIM).rpc)).toBe(0);
    } finally {
      fork.kill('SIGTERM');
      expect(await fork.exited).toBe(0);
    }
  });
});

describe('a clock that is one hour off', () => {
  const ahead = 'data:text/javascript,const%20now=Date.now;Date.now=()=>now()+3600000';

  it('of the primary: the chain goes on, and all say whose clock it is', async () => {
    const { primary: primaryId } = await statusAt(0);
    const primary = net.ready.nodes.findIndex(({ nodeId }) => nodeId === primaryId);
    const other = (primary + 1) % 4;
    await net.kill(primary);
    net.restart(primary, { env: { NODE_OPTIONS: `--import ${ahead}` } });
    await until(
      async () => (await statusAt(other)).peers.some((peer) => Math.abs(peer.clockOffsetMs ?? 0) > 3_500_000),
      20_000,
      'the others see the offset',
    );
    // Nobody votes for a proposal from an hour ahead; the next primary proposes.
    for (let i = 0; i < 3; i++) await witness.check({ via: other });
    await witness.check({ via: primary });
    const why = new RegExp(`clock of Org${primary} .* differs by 3[56]\\d\\d\\.\\d s`);
    expect((await statusAt(other)).whyNoBlock).toMatch(why);
    expect((await statusAt(primary)).whyNoBlock).toMatch(/clock/);
    await net.kill(primary);
    net.restart(primary);
    await back(primary);
    await until(async () => (await statusAt(other)).whyNoBlock === null, 10_000, 'all is well');
  });
});

describe('a disk that is full', () => {
  const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'x', '/tmp']).status === 0;
  const fill = 'while head -c 65536 /dev/zero >> "$1/filler" 2>/dev/null; do :; done';

  /** Load on the other three until the node has ended; resolves with what was acknowledged. */
  async function loadUntilEnd(node: RunningNode): Promise<ReadonlySet<string>> {
    const urls = [0, 1, 2].map((index) => nodeAt(index).rpc);
    const chance = (): number => 0;
    const load = new Load({ urls: () => urls, accounts: [1, 2, 3, 4, 5, 6, 7, 8], chance });
    await node.exited;
    await load.stop();
    expect([...load.refusals]).toEqual([]);
    return load.acknowledged;
  }

  it.runIf(!canMount)(
    'files cannot grow (ulimit): the node stops cleanly with advice, and goes on when they can',
    async () => {
      await net.kill(VICTIM);
      const script = 'ulimit -f 128; exec "$@"';
      const args = [
        '-c',
        script,
        'bash',
        process.execPath,
        HANSA,
        'start',
        '--dir',
        nodeAt(VICTIM).dir,
        '--log',
        'json',
      ];
      const node = follow(spawn('bash', args, { stdio: ['ignore', 'pipe', 'pipe'] }));
      const acknowledged = await loadUntilEnd(node);
      expect(await node.exited).toBe(1);
      const [line] = failuresOf(node.stdout());
      expect(line?.code, node.stdout()).toMatch(/^(VOTE_STORE|LEDGER|NODE_JOURNAL)_/);
      expect(line?.remedy).toMatch(/disk/);
      expect(acknowledged.size).toBeGreaterThan(10);
    },
  );

  it.runIf(canMount)('no room on the device: the same, and the remedy says to make room', async () => {
    await net.kill(VICTIM);
    const { dir } = nodeAt(VICTIM);
    const data = join(dir, 'data');
    // A device of its own for data/, seen by this process tree only; what is on it is copied back at the end.
    const script = `set -e
      cp -a "$1" "$1.kept"; mount -t tmpfs -o size=64m tmpfs "$1"; cp -a "$1.kept/." "$1"
      "$2" "$3" start --dir "$4" --log json & node=$!
      trap 'kill -TERM $node' TERM
      until grep -q "$5" "$4/ready"; do sleep 0.05; done
      ${fill.replaceAll('"$1', '"$1')}
      code=0; wait $node || code=$?
      rm "$1/filler"; rm -rf "$1.kept"; cp -a "$1" "$1.kept"; umount "$1"; rm -rf "$1"; mv "$1.kept" "$1"; exit $code`;
    writeFileSync(join(dir, 'ready'), '');
    const args = ['-rm', 'bash', '-c', script, 'bash', data, process.execPath, HANSA, dir, 'go'];
    const node = follow(spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    await until(async () => (await statusAt(VICTIM)).voting, 20_000, 'it votes from the small disk');
    writeFileSync(join(dir, 'ready'), 'go');
    await loadUntilEnd(node);
    expect(await node.exited, node.stdout()).toBe(1);
    const [line] = failuresOf(node.stdout());
    expect(line?.code, node.stdout()).toMatch(/^(VOTE_STORE_FULL|LEDGER_|NODE_JOURNAL_)/);
    expect(line?.remedy).toMatch(/room|space/);
  });
});
