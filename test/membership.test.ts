/** A fifth node: refused, admitted as observer, made a validator, removed; and what its own log says each time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
import { Wallet } from './kit/wallet.ts';

type Peer = { nodeId: string; state: string; lastError: string | null };
type Status = { nodeId: string; role: string; voting: boolean; height: string; term: number; peers: Peer[] };
type Members = { term: number; changePending: boolean; members: { nodeId: string; role: string; weight: number }[] };
type Certificate = { signatures: { nodeId: string }[] };

const root = mkdtempSync(join(tmpdir(), 'hansa-membership-'));
const dir = join(root, 'fifth');
const wallet = new Wallet(5);
let net: TestDevnet;
let fifth: RunningNode;
let fifthRpc: string;
let fifthId: string;

const nodeAt = (index: number): ReadyNode => net.ready.nodes[index] as ReadyNode;
const statusAt = (url: string): Promise<Status> => rpc<Status>(url, 'hansa_getStatus');
const connectedPeers = async (url: string): Promise<string[]> =>
  (await statusAt(url)).peers.filter((peer) => peer.state === 'connected').map((peer) => peer.nodeId);

async function members(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return runHansa(['members', ...args, '--dir', nodeAt(0).dir]);
}

async function transfer(): Promise<number> {
  const { raw } = await wallet.sign();
  return Number((await sendFinal(nodeAt(1).rpc, raw)).blockNumber);
}

/** Makes blocks until `check` holds: a term ends with blocks, not with time. */
async function withBlocksUntil(check: () => Promise<boolean>, what: string): Promise<void> {
  await until(
    async () => {
      await transfer();
      return check();
    },
    30_000,
    what,
  );
}

/** All four say whether they see the fifth. */
const isSeenByAll = async (isSeen: boolean): Promise<boolean> => {
  const lists = await Promise.all(net.ready.nodes.map((node) => connectedPeers(node.rpc)));
  return lists.every((list) => list.includes(fifthId) === isSeen);
};

beforeAll(async () => {
  net = await startDevnet();
  const ports = await freePortBase(1);
  fifthRpc = `http://127.0.0.1:${ports.rpcPort}`;
  const init = await runHansa([
    ...['init', '--dir', dir, '--org', 'Org0', '--json', '--p2p', `/ip4/127.0.0.1/tcp/${ports.p2pPort}`],
    ...['--rpc-port', String(ports.rpcPort), '--admin-port', String(ports.rpcPort + 1000)],
    ...['--genesis', join(nodeAt(0).dir, 'genesis.json')],
  ]);
  expect(init).toMatchObject({ code: 0, stderr: '' });
  fifthId = (JSON.parse(init.stdout) as { nodeId: string }).nodeId;
  fifth = startNode(dir);
  await until(async () => (await statusAt(fifthRpc)).nodeId === fifthId, 30_000, 'the fifth node answers');
}, 120_000);

afterAll(async () => {
  fifth?.kill('SIGTERM');
  await Promise.all([fifth?.exited, net?.dispose()]);
  rmSync(root, { recursive: true, force: true });
});

describe('a fifth node', () => {
  it('cannot connect to any while its key is not in the registry, and is told so', async () => {
    await until(
      async () => (await statusAt(fifthRpc)).peers.every((peer) => peer.lastError !== null),
      20_000,
      'refusals',
    );
    expect(await connectedPeers(fifthRpc)).toEqual([]);
    expect(await isSeenByAll(false)).toBe(true);
    for (const peer of (await statusAt(fifthRpc)).peers)
      expect(peer.lastError).toMatch(/not (in the registry|a member|admitted)/);
    expect(await heightOf(fifthRpc)).toBe(0);
  });

  it('refuses a change signed by a key that is no admin, and one that makes no sense', async () => {
    const stranger = join(root, 'stranger.key');
    await runHansa(['keys', 'new', stranger]);
    const foreign = await members('add-observer', join(dir, 'node.json'), '--key', stranger);
    expect(foreign.code).toBe(1);
    expect(foreign.stderr).toMatch(/no admin account of a governing organisation/);
    const early = await members('add-validator', fifthId);
    expect(early.code).toBe(1);
    expect(early.stderr).toMatch(/only a registered observer can become a validator/);
  });

  it('as observer it is connected within one block, has the chain and follows', async () => {
    const added = await members('add-observer', join(dir, 'node.json'), '--json');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    const { height } = JSON.parse(added.stdout) as { height: number };
    const startMs = performance.now();
    await until(() => isSeenByAll(true), 20_000, 'all four are connected to the fifth node');
    // One leader time-out is the longest that a block may take here.
    expect(performance.now() - startMs).toBeLessThan(3_000);
    await until(async () => (await heightOf(fifthRpc)) >= height, 10_000, 'it has the block of its admission');
    const next = await transfer();
    await until(async () => (await heightOf(fifthRpc)) >= next, 3_000, 'it follows');
    expect(await statusAt(fifthRpc)).toMatchObject({ role: 'observer', voting: false });
    const hash = async (url: string): Promise<unknown> =>
      (await rpc<{ hash: string }>(url, 'eth_getBlockByNumber', [`0x${next.toString(16)}`, false])).hash;
    expect(await hash(fifthRpc)).toBe(await hash(nodeAt(2).rpc));
  });

  it('as validator it votes from the next term on', async () => {
    const before = (await statusAt(nodeAt(0).rpc)).term;
    // With two of five votes its organisation could stop the chain alone: that has to be said.
    const careless = await members('add-validator', fifthId);
    expect(careless.code).toBe(1);
    expect(careless.stderr).toMatch(/Org0 alone could stop the chain: it needs acceptRisk and two thirds/);
    const accepted = await members('add-validator', fifthId, '--accept-risk');
    expect(accepted).toMatchObject({ code: 0, stderr: '' });
    expect(accepted.stdout).toMatch(/faulty ones tolerated +1 +1/);
    expect(accepted.stdout).toMatch(/could stop the chain alone +nobody +Org0/);
    // The validators' nodes attest it by themselves; nobody asks them to.
    await until(
      async () => {
        const { members: list } = await rpc<Members>(nodeAt(0).rpc, 'hansa_getMembers');
        return list.some((member) => member.nodeId === fifthId && member.role === 'validator');
      },
      20_000,
      'a quorum has attested the candidate',
    );
    await withBlocksUntil(async () => (await statusAt(nodeAt(0).rpc)).term > before, 'the next term');
    await until(async () => (await statusAt(fifthRpc)).voting, 10_000, 'it votes');
    const listed = await rpc<Members>(nodeAt(3).rpc, 'hansa_getMembers');
    expect(listed.members.find((member) => member.nodeId === fifthId)).toMatchObject({ role: 'validator', weight: 1 });
    await withBlocksUntil(async () => {
      const { signatures } = await rpc<Certificate>(fifthRpc, 'hansa_getCertificate', ['latest']);
      return signatures.some((signature) => signature.nodeId === fifthId);
    }, 'its signature is in a certificate');
    // Five validators decide with four: without node 3 the vote of the fifth is needed.
    await net.kill(3);
    await transfer();
    net.restart(3);
    await until(async () => (await statusAt(nodeAt(3).rpc)).voting, 20_000, 'node 3 is back');
  });

  it('removed as validator it votes until its last term is over, then all cut it off', async () => {
    const before = (await statusAt(nodeAt(0).rpc)).term;
    expect(await members('remove', fifthId)).toMatchObject({ code: 0, stderr: '' });
    const status = await statusAt(nodeAt(0).rpc);
    // Still needed: the term goes on with five.
    if (status.term === before) expect(await connectedPeers(nodeAt(0).rpc)).toContain(fifthId);
    await withBlocksUntil(async () => (await statusAt(nodeAt(0).rpc)).term > before, 'the next term');
    await until(() => isSeenByAll(false), 5_000, 'all four have cut it off');
    await until(async () => (await connectedPeers(fifthRpc)).length === 0, 5_000, 'it knows');
    const head = await heightOf(fifthRpc);
    await transfer();
    expect(await heightOf(fifthRpc)).toBe(head);
    const listed = await rpc<Members>(nodeAt(0).rpc, 'hansa_getMembers');
    expect(listed.members.map((member) => member.nodeId)).not.toContain(fifthId);
  });

  it('MEM-7: every change stands in the history, with its block and its cause', async () => {
    const { stdout } = await members('--history', '--json');
    const history = JSON.parse(stdout) as {
      subject: string;
      from: string;
      to: string;
      cause: string;
      height: number;
    }[];
    const own = history.filter(({ subject }) => subject === `node ${fifthId}`).map(({ from, to }) => [from, to]);
    const words = own.map(([from, to]) => [from?.split(' ')[0], to?.split(' ')[0]]);
    expect(words).toEqual([
      ['', 'observer'],
      ['observer', 'candidate'],
      ['candidate', 'validator'],
      ['validator', ''],
    ]);
  });

  it('removed as observer it is cut off at once', async () => {
    expect(await members('add-observer', join(dir, 'node.json'))).toMatchObject({ code: 0 });
    await until(() => isSeenByAll(true), 20_000, 'it is connected again');
    expect(await members('remove', fifthId)).toMatchObject({ code: 0, stderr: '' });
    const startMs = performance.now();
    await until(() => isSeenByAll(false), 5_000, 'all four have cut it off');
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });
});

describe('a new key for the node of an organisation', () => {
  const node0 = (): string => nodeAt(0).dir;
  type Signed = { signatures: { nodeId: string }[] };
  const rotate = (...args: string[]): ReturnType<typeof runHansa> =>
    runHansa(['rotate', ...args, '--rpc', nodeAt(1).rpc]);

  it('SUC-2: is refused for a node that has not joined, and by keys that are not its own', async () => {
    const early = await rotate('node', fifthId, '--dir', node0());
    expect(early.code).toBe(1);
    expect(early.stderr).toMatch(/is no member.*remedy: the new node joins first/s);
    expect(await members('add-observer', join(dir, 'node.json'))).toMatchObject({ code: 0 });
    const foreign = await rotate('node', fifthId, '--dir', nodeAt(2).dir);
    expect(foreign.code).toBe(1);
    expect(foreign.stderr).toMatch(/no observer of the same organisation/);
  });

  it('SUC-4, SUC-5: takes the vote over, once the validators have seen it, never beside the old one', async () => {
    const oldId = nodeAt(0).nodeId;
    const { term } = await statusAt(nodeAt(1).rpc);
    const rotated = await rotate('node', fifthId, '--dir', node0());
    expect(rotated).toMatchObject({ code: 0, stderr: '' });
    expect(rotated.stdout).toMatch(/has the place of .*never both/s);
    const listed = await rpc<Members>(nodeAt(1).rpc, 'hansa_getMembers');
    expect(listed.members.map((member) => member.nodeId)).not.toContain(oldId);
    expect(listed.members.find((member) => member.nodeId === fifthId)).toMatchObject({ role: 'validator', weight: 1 });
    await withBlocksUntil(async () => (await statusAt(nodeAt(1).rpc)).term > term, 'the next term');
    await withBlocksUntil(async () => {
      const { signatures } = await rpc<Certificate>(nodeAt(1).rpc, 'hansa_getCertificate', ['latest']);
      return signatures.some((signature) => signature.nodeId === fifthId);
    }, 'its signature is in a certificate');
    const head = await heightOf(nodeAt(1).rpc);
    const signersAt = async (height: number): Promise<readonly string[]> =>
      (await rpc<Signed>(nodeAt(1).rpc, 'hansa_getCertificate', [`0x${height.toString(16)}`])).signatures.map(
        (signature) => signature.nodeId,
      );
    const since = await Promise.all(Array.from({ length: head }, (_, i) => signersAt(i + 1)));
    const firstOfNew = since.findLastIndex((signers) => !signers.includes(fifthId)) + 1;
    const lastOfOld = since.findLastIndex((signers) => signers.includes(oldId));
    expect(lastOfOld).toBeLessThan(firstOfNew);
    for (const signers of since.slice(lastOfOld + 1)) expect(signers).not.toContain(oldId);
  });

  it('the old node says that it is no member any more, and who has its place', async () => {
    const said = await until(
      async () => {
        const status = await rpc<{ role: string; whyNoBlock: string | null }>(nodeAt(0).rpc, 'hansa_getStatus');
        return status.role === 'none' ? status : undefined;
      },
      10_000,
      'it knows',
    );
    expect(said).toMatchObject({ whyNoBlock: expect.stringContaining(`${fifthId.slice(0, 16)} has its place`) });
  });
});
