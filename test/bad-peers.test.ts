/** Strangers and members that send what no node sends: cut off with a reason, at little cost, and the others go on. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { HashHex, NodeId } from '@hansa/primitives';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodePreamble } from '../packages/network/src/preamble.ts';
import { nodePaths } from '../packages/node/src/directory.ts';
import { noPassphrase, readKey } from '../packages/node/src/keys/key-files.ts';
import { type ReadyNode, rpc, startDevnet, type TestDevnet, until } from './kit/devnet.ts';
import { announced, createRogue, framed, type JoinedRogue, type Rogue } from './kit/rogue.ts';
import { Witness } from './kit/witness.ts';

type Peer = { nodeId: string; state: string; lastError: string | null };
type Status = { peers: Peer[]; voting: boolean };

let net: TestDevnet;
let witness: Witness;
/** The member with the lowest id opens the streams to all others: its key is the one that goes astray. */
let memberIndex: number;
let victim: ReadyNode;
let others: number[];

beforeAll(async () => {
  net = await startDevnet();
  const byId = [...net.ready.nodes].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  memberIndex = (byId[0] as ReadyNode).index;
  victim = byId[1] as ReadyNode;
  others = byId.slice(1).map(({ index }) => index);
  witness = new Witness(net, 9);
  await witness.check();
}, 120_000);

afterEach(() => witness.check({ via: victim.index, nodes: net.isRunning(memberIndex) ? [0, 1, 2, 3] : others }));
afterAll(() => net.dispose());

const p2pPort = (): number => Number(victim.p2p.split('/').at(-1));
const statusOfVictim = (): Promise<Status> => rpc<Status>(victim.rpc, 'hansa_getStatus');

/** A TCP connection that sends bytes; resolves when the node has closed it. */
function knock(bytes: Uint8Array): { readonly socket: Socket; readonly closed: Promise<number> } {
  const startMs = performance.now();
  const socket = connect(p2pPort(), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  if (bytes.length > 0) socket.write(bytes);
  const closed = new Promise<number>((resolve) => socket.on('close', () => resolve(performance.now() - startMs)));
  return { socket, closed };
}

describe('before the handshake', () => {
  const name = () => ({
    chainId: net.ready.chainId,
    groupId: 'group0',
    genesisHash: net.ready.genesisHash.slice(2) as HashHex,
  });
  const cases: readonly { readonly name: string; readonly bytes: () => Uint8Array }[] = [
    { name: 'random bytes', bytes: () => randomBytes(100_000) },
    { name: 'HTTP', bytes: () => Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n') },
    { name: 'a greeting of TLS', bytes: () => Buffer.from('16030100f8010000f40303', 'hex') },
    { name: 'nothing but zeros', bytes: () => new Uint8Array(65_536) },
    {
      name: 'our greeting, then random bytes',
      bytes: () => Buffer.concat([encodePreamble(name()), randomBytes(10_000)]),
    },
    { name: 'the greeting of another chain', bytes: () => encodePreamble({ ...name(), chainId: 1 }) },
    {
      name: 'the greeting of another genesis',
      bytes: () => encodePreamble({ ...name(), genesisHash: 'ab'.repeat(32) as HashHex }),
    },
    { name: '100 MB announced to noise', bytes: () => Buffer.concat([encodePreamble(name()), announced(100_000_000)]) },
  ];
  it.each(cases)('$name: closed at once', async ({ bytes }) => {
    expect(await knock(bytes()).closed).toBeLessThan(6_000);
  });

  it('silence, and one byte at a time: closed after two seconds, members are served meanwhile', async () => {
    const silent = Array.from({ length: 20 }, () => knock(new Uint8Array(0)));
    const slow = knock(encodePreamble(name()).subarray(0, 5));
    await witness.check({ via: victim.index });
    const times = await Promise.all([...silent, slow].map(({ closed }) => closed));
    expect(Math.max(...times)).toBeLessThan(6_000);
  });

  it('100 connections at once: the members stay connected', async () => {
    // Below the backlog of the listener: what is above it, the kernel answers in the node's place.
    const flood = Array.from({ length: 100 }, () => knock(new Uint8Array(0)));
    await witness.check({ via: victim.index });
    expect((await statusOfVictim()).peers.every((peer) => peer.state === 'connected')).toBe(true);
    await until(() => flood.every(({ socket }) => socket.destroyed), 15_000, 'all are closed');
  });

  it('a stranger with a good handshake and no place in the registry', async () => {
    const stranger = await createRogue(net.ready, randomBytes(32));
    try {
      await expect(stranger.join(victim)).rejects.toThrow();
    } finally {
      await stranger.stop();
    }
    expect((await statusOfVictim()).peers.map((peer) => peer.nodeId)).not.toContain(stranger.nodeId);
  });
});

describe('after the handshake, with the key of a member', () => {
  let rogue: Rogue;
  let turn = 0;

  beforeAll(async () => {
    await net.kill(memberIndex);
  });

  afterEach(() => rogue.stop());

  afterAll(async () => {
    net.restart(memberIndex);
    const back = net.ready.nodes[memberIndex] as ReadyNode;
    await until(async () => (await rpc<Status>(back.rpc, 'hansa_getStatus')).voting, 40_000, 'the member is back');
    await witness.check({ via: memberIndex });
  });

  async function joined(): Promise<JoinedRogue> {
    const paths = nodePaths((net.ready.nodes[memberIndex] as ReadyNode).dir);
    rogue = await createRogue(net.ready, readKey(paths.nodeKey, noPassphrase));
    // Each case ends in a ban of ten seconds: in turn, the next one is tried on another node.
    victim = net.ready.nodes[others[turn++ % others.length] as number] as ReadyNode;
    const done = await until(() => rogue.join(victim), 30_000, 'the member’s key is let in');
    await until(() => isConnected(rogue.nodeId), 5_000, 'it counts as connected');
    return done;
  }

  const isConnected = async (nodeId: NodeId): Promise<boolean> =>
    (await statusOfVictim()).peers.some((peer) => peer.nodeId === nodeId && peer.state === 'connected');

  const cutOff = async (): Promise<string | null> => {
    await until(async () => !(await isConnected(rogue.nodeId)), 10_000, 'it is cut off');
    return (await statusOfVictim()).peers.find((peer) => peer.nodeId === rogue.nodeId)?.lastError ?? null;
  };

  it('a frame of 100 MB announced: cut off at once, nothing is set aside for it', async () => {
    const { channels } = await joined();
    const residentOf = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${victim.pid}/status`, 'utf8'))?.[1]);
    const before = process.platform === 'linux' ? residentOf() : 0;
    channels.consensus.send(announced(100_000_000));
    expect(await cutOff()).toMatch(/100000000 bytes, at most/);
    if (process.platform === 'linux') expect(residentOf() - before).toBeLessThan(50_000);
  });

  it.each(['consensus', 'transactions', 'sync'] as const)('random frames on the stream of %s', async (channel) => {
    const { channels } = await joined();
    for (let i = 0; i < 200; i++) channels[channel].send(framed(randomBytes(1 + (i % 300))));
    expect(await cutOff()).toMatch(/\w/);
  });

  it('random bytes on the status stream', async () => {
    const { control } = await joined();
    control.send(randomBytes(5_000));
    expect(await cutOff()).toMatch(/\w/);
  });

  it('frames of the right form that are replayed, and then silence: it is dropped, the log stays short', async () => {
    const { channels, connection } = await joined();
    const lines = (): number => readFileSync(join(victim.dir, 'node.log'), 'utf8').split('\n').length;
    const before = lines();
    for (let i = 0; i < 500; i++) channels.transactions.send(framed(new Uint8Array(0)));
    await until(() => connection.status !== 'open', 15_000, 'the connection is closed');
    expect(lines() - before).toBeLessThan(60);
  });
});
