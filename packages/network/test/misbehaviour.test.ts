import { fork } from 'node:child_process';
import { once } from 'node:events';
import { concatBytes, type NodeId, toHeight } from '@hansa/primitives';
import type { Connection, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Libp2p } from 'libp2p';
import { afterEach, describe, expect, it } from 'vitest';
import { type ControlFrame, decodeControlFrame, encodeControlFrame } from '../src/control-frames.ts';
import { createHost } from '../src/host.ts';
import { libp2pKeyOf } from '../src/identity.ts';
import { DEFAULT_NETWORK_LIMITS } from '../src/limits.ts';
import { PROTOCOL_OF_CHANNEL, STATUS_PROTOCOL } from '../src/link.ts';
import {
  addressesOf,
  admit,
  createNode,
  createNodes,
  digest,
  GENESIS,
  isMeshed,
  QUICK,
  startAll,
  stopAll,
  type TestNode,
  until,
} from './nodes.ts';

const NAME = { chainId: 20200, groupId: 'group0', genesisHash: GENESIS };
const hosts: Libp2p[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  await stopAll();
});

/** An admitted peer with a lower id (so it opens the streams) that can say anything: libp2p without our rules. */
async function createRogue(victim: TestNode): Promise<{ nodeId: NodeId; connection: Connection; control: Stream }> {
  let seed = 0;
  let identity = libp2pKeyOf(digest(`rogue-${seed}`));
  while (identity.nodeId > victim.nodeId) identity = libp2pKeyOf(digest(`rogue-${++seed}`));
  const host = await createHost({
    key: identity.key,
    listen: [],
    limits: DEFAULT_NETWORK_LIMITS,
    gater: {},
    security: { name: NAME, limits: DEFAULT_NETWORK_LIMITS, refusal: () => undefined, onRefusal: () => {} },
  });
  hosts.push(host);
  await host.start();
  victim.network.setAdmission({ nodes: [{ nodeId: identity.nodeId, addresses: [] }] });
  const connection = await host.dial(multiaddr(`${addressesOf(victim)[0]}/p2p/${victim.network.peerId}`));
  const control = await connection.newStream(STATUS_PROTOCOL);
  return { nodeId: identity.nodeId, connection, control };
}

const framed = (bytes: Uint8Array): Uint8Array => {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, bytes.length);
  return concatBytes(header, bytes);
};

const say = (stream: Stream, frame: ControlFrame): void => void stream.send(framed(encodeControlFrame(frame)));

const statusOf = (nodeId: NodeId): ControlFrame => ({
  type: 'status',
  status: {
    protocolVersion: 1,
    ...NAME,
    height: toHeight(0),
    headHash: GENESIS,
    nodeId,
    instance: '00'.repeat(16),
    agent: 'rogue',
    timeMs: 0,
    listenAddresses: [],
  },
});

/** Takes the rogue through the whole handshake. */
async function connectRogue(victim: TestNode): Promise<{
  nodeId: NodeId;
  connection: Connection;
  control: Stream;
  consensus: Stream;
}> {
  const rogue = await createRogue(victim);
  say(rogue.control, statusOf(rogue.nodeId));
  say(rogue.control, { type: 'accept' });
  const consensus = await rogue.connection.newStream(PROTOCOL_OF_CHANNEL.consensus);
  await rogue.connection.newStream(PROTOCOL_OF_CHANNEL.transactions);
  await rogue.connection.newStream(PROTOCOL_OF_CHANNEL.sync);
  await until(() => victim.network.connected().length === 1, 'the rogue is connected');
  return { ...rogue, consensus };
}

async function startVictim(limits = {}): Promise<TestNode> {
  const victim = createNode('victim', { limits: { ...QUICK, ...limits } });
  await victim.network.start();
  return victim;
}

const lastReason = (node: TestNode): string | undefined => node.network.peers()[0]?.lastError?.reason;

describe('an admitted peer that breaks the rules', () => {
  it('NET-7: a frame of 100 MB announced ends the connection at once, and the peer is refused for a while', async () => {
    const victim = await startVictim();
    const { consensus, connection } = await connectRogue(victim);
    consensus.send(framed(new Uint8Array(10)));
    await until(() => victim.frames.length === 1, 'a good frame first');
    const header = new Uint8Array(4);
    new DataView(header.buffer).setUint32(0, 100_000_000);
    consensus.send(header);
    await until(() => victim.downs.length === 1, 'the cut', 1_000);
    expect(victim.downs[0]).toMatchObject({ reason: 'protocolViolation' });
    expect(victim.downs[0]?.message).toContain('announced a frame of 100000000 bytes, at most 2097152');
    await until(() => connection.status !== 'open', 'the reset');
    const host = hosts[0] as Libp2p;
    await expect(host.dial(multiaddr(`${addressesOf(victim)[0]}/p2p/${victim.network.peerId}`))).rejects.toThrow();
    await until(() => victim.network.counters().refused['rateLimit'] === 1, 'refused while banned');
  });

  it.each([
    { name: 'an empty frame', bytes: new Uint8Array(4) },
    { name: 'an unknown kind', bytes: framed(Uint8Array.of(99)) },
    {
      name: 'a truncated status',
      bytes: framed(encodeControlFrame(statusOf(libp2pKeyOf(digest('x')).nodeId)).slice(0, 60)),
    },
    { name: 'a ping before the status', bytes: framed(encodeControlFrame({ type: 'ping', sequence: 1 })) },
    {
      name: 'the status of another node',
      bytes: framed(encodeControlFrame(statusOf(libp2pKeyOf(digest('x')).nodeId))),
    },
    { name: 'text', bytes: new TextEncoder().encode('GET / HTTP/1.1\r\n') },
  ])('NET-11: $name on the status stream ends the connection', async ({ bytes }) => {
    const victim = await startVictim();
    const { control, connection } = await createRogue(victim);
    control.send(bytes);
    await until(() => lastReason(victim) === 'protocolViolation', 'the refusal');
    await until(() => connection.status !== 'open', 'the reset');
    expect(victim.network.connected()).toEqual([]);
  });

  it('NET-13: a status of another genesis is answered with the reason', async () => {
    const victim = await startVictim();
    const { control, nodeId } = await createRogue(victim);
    const received: Uint8Array[] = [];
    control.addEventListener('message', (event) => received.push(event.data.subarray()));
    const frame = statusOf(nodeId);
    if (frame.type === 'status')
      say(control, { type: 'status', status: { ...frame.status, genesisHash: '22'.repeat(32) as typeof GENESIS } });
    await until(() => lastReason(victim) === 'otherGenesis', 'the refusal');
    await until(() => framesIn(received).some((told) => told.type === 'goodbye'), 'the goodbye');
    expect(framesIn(received).map((told) => (told.type === 'goodbye' ? told.reason : told.type))).toEqual([
      'status',
      'otherGenesis',
    ]);
  });

  it('garbage in place of a protocol name ends that stream at once, and costs little', async () => {
    const victim = await startVictim();
    const { connection, consensus } = await connectRogue(victim);
    const { muxer } = connection as unknown as { muxer: { createStream(): Promise<Stream> } };
    const stream = await muxer.createStream();
    const ended = new Promise((resolve) => stream.addEventListener('close', resolve));
    const startedMs = process.cpuUsage();
    stream.send(new Uint8Array(200_000).fill(0xa5));
    await ended;
    const { user, system } = process.cpuUsage(startedMs);
    expect((user + system) / 1000).toBeLessThan(500);
    consensus.send(framed(Uint8Array.of(1)));
    await until(() => victim.frames.length === 1, 'the others go on');
  });

  it('NET-18: frames that come before the last stream are delivered after the peer was announced', async () => {
    const victim = await startVictim();
    const order: string[] = [];
    victim.network.onPeerUp(() => order.push('up'));
    const { control, connection, nodeId } = await createRogue(victim);
    say(control, statusOf(nodeId));
    say(control, { type: 'accept' });
    const consensus = await connection.newStream(PROTOCOL_OF_CHANNEL.consensus);
    for (let i = 0; i < 3; i++) consensus.send(framed(Uint8Array.of(i)));
    await connection.newStream(PROTOCOL_OF_CHANNEL.transactions);
    await until(() => victim.network.counters().framesReceived['consensus'] === 3, 'three frames');
    expect(victim.frames).toEqual([]);
    expect(order).toEqual([]);
    await connection.newStream(PROTOCOL_OF_CHANNEL.sync);
    await until(() => victim.frames.length === 3, 'delivery');
    expect(order).toEqual(['up']);
  });

  it('NET-9: a second stream of one kind ends the connection', async () => {
    const victim = await startVictim();
    const { connection } = await connectRogue(victim);
    await connection.newStream(PROTOCOL_OF_CHANNEL.sync);
    await until(() => victim.downs.length === 1, 'the cut');
    expect(victim.downs[0]?.reason).toBe('protocolViolation');
  });

  it('NET-19: drops and counts what is above the rate, then cuts a peer that goes on', async () => {
    const channels = structuredClone(DEFAULT_NETWORK_LIMITS.channels);
    const slow = { ...channels.consensus, frameCountPerSecond: 1, frameCountBurst: 10 };
    const victim = await startVictim({ channels: { ...channels, consensus: slow }, violationCountMax: 100 });
    const { consensus } = await connectRogue(victim);
    for (let i = 0; i < 50; i++) consensus.send(framed(Uint8Array.of(i)));
    await until(() => victim.network.counters().framesReceived['consensus'] === 50, 'fifty frames');
    expect(victim.frames).toHaveLength(10);
    expect(victim.network.counters().framesOverRate['consensus']).toBe(40);
    expect(victim.downs).toEqual([]);
    for (let i = 0; i < 100; i++) consensus.send(framed(Uint8Array.of(i)));
    await until(() => victim.downs.length === 1, 'the cut');
    expect(victim.downs[0]?.reason).toBe('rateLimit');
  });

  it('a handshake that stops half-way is ended', async () => {
    const victim = await startVictim({ handshakeTimeoutMs: 200 });
    const { connection } = await createRogue(victim);
    await until(() => lastReason(victim) === 'handshakeTimeout', 'the time-out');
    await until(() => connection.status !== 'open', 'the reset');
  });

  it('penalise ends the connection and refuses the peer for banMs only', async () => {
    const nodes = createNodes(2, { limits: { ...QUICK, banMs: 300 } });
    await startAll(nodes);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a connection');
    const [first, second] = nodes as [TestNode, TestNode];
    first.network.penalise(second.nodeId, 'a forged certificate');
    expect(first.network.connected()).toEqual([]);
    await until(() => second.downs.length === 1, 'the goodbye');
    expect(second.downs[0]?.message).toContain('a forged certificate');
    await until(() => isMeshed(nodes), 'a second chance');
  });
});

describe('two processes with one key', () => {
  it('NET-14: the newer one is taken, the older one is told, taking turns is named', async () => {
    const limits = { ...QUICK, refusedMs: 100 };
    const [low, high] = createNodes(2, { limits }) as [TestNode, TestNode];
    const seed = ['node-0', 'node-1'].find((text) => libp2pKeyOf(digest(text)).nodeId === high.nodeId) as string;
    const twin = createNode(seed, { limits });
    await startAll([low, high, twin]);
    low.network.setAdmission({ nodes: [{ nodeId: high.nodeId, addresses: [] }] });
    for (const node of [high, twin]) admit([node], [low]);
    await until(
      () => low.lines.some((line) => line.message.includes('two processes use the key of one node')),
      'a line',
    );
    expect(low.downs.some((down) => down.reason === 'restarted')).toBe(true);
    const alarmed = [high, twin].filter((node) => node.lines.some((line) => line.level === 'error'));
    expect(alarmed).not.toEqual([]);
    await until(() => low.network.connected().length === 1, 'one of them is connected');
  });
});

describe('back pressure', () => {
  it('a slow reader stops the sender with bounded memory at both ends', async () => {
    const nodes = createNodes(2, { handlers: false });
    const [first, second] = nodes as [TestNode, TestNode];
    let received = 0;
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    second.network.onFrame('transactions', (_from, bytes) => {
      received += bytes.length;
      return gate;
    });
    let votes = 0;
    second.network.onFrame('consensus', () => {
      votes++;
    });
    await startAll(nodes);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a connection');
    const frame = new Uint8Array(256 * 1024);
    let taken = 0;
    let refusals = 0;
    const endMs = performance.now() + 5_000;
    // 200 turns of the event loop without one frame taken: it has come to rest.
    while (refusals < 200 && performance.now() < endMs) {
      if (first.network.send(second.nodeId, 'transactions', frame)) {
        taken += frame.length;
        refusals = 0;
      } else refusals++;
      if (refusals > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(refusals).toBe(200);
    expect(received).toBe(frame.length);
    // Send queue 8 MiB, windows and buffers of both ends, receive queue 4 MiB.
    expect(taken).toBeLessThan(24 * 1024 * 1024);
    expect(first.network.counters().framesRefused['transactions']).toBeGreaterThan(0);
    // A vote does not wait behind them.
    expect(first.network.send(second.nodeId, 'consensus', Uint8Array.of(1))).toBe(true);
    await until(() => votes === 1, 'the vote', 1_000);
    release();
    await until(() => received === taken, 'everything taken arrives');
    expect(first.downs).toEqual([]);
  });

  it('consensus keeps the newest frames and counts those it drops', async () => {
    const nodes = createNodes(2, { handlers: false });
    const [first, second] = nodes as [TestNode, TestNode];
    const received: number[] = [];
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    second.network.onFrame('consensus', (_from, bytes) => {
      received.push(new DataView(bytes.buffer).getUint32(0));
      return gate;
    });
    await startAll(nodes);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a connection');
    let sent = 0;
    while ((first.network.counters().framesEvicted['consensus'] ?? 0) < 10) {
      const frame = new Uint8Array(256 * 1024);
      new DataView(frame.buffer).setUint32(0, sent++);
      expect(first.network.send(second.nodeId, 'consensus', frame)).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
    }
    release();
    const evicted = first.network.counters().framesEvicted['consensus'] as number;
    await until(() => received.length === sent - evicted, 'the rest');
    expect(received.at(-1)).toBe(sent - 1);
    expect(received).toEqual([...received].sort((a, b) => a - b));
  });
});

describe('heartbeat', () => {
  it('NET-15: a process that stands still is dropped, and taken back when it goes on', async () => {
    const node = createNode('awake', { limits: QUICK });
    await node.network.start();
    const child = fork(new URL('./sleeper.ts', import.meta.url).pathname, [], {
      execArgv: ['--conditions=source', '--import', 'tsx'],
      serialization: 'advanced',
    });
    const exited = once(child, 'exit');
    try {
      const [ready] = (await once(child, 'message')) as [{ nodeId: NodeId; addresses: string[] }];
      node.network.setAdmission({ nodes: [ready] });
      child.send({ nodeId: node.nodeId, addresses: addressesOf(node) });
      await until(() => node.network.connected().length === 1, 'a connection');
      child.kill('SIGSTOP');
      await until(() => node.downs.length === 1, 'the time-out', 3_000);
      expect(node.downs[0]).toMatchObject({ nodeId: ready.nodeId, reason: 'heartbeatTimeout' });
      child.kill('SIGCONT');
      await until(() => node.network.connected().length === 1, 'the connection again', 5_000);
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
  });
});

function framesIn(parts: readonly Uint8Array[]): ControlFrame[] {
  const bytes = concatBytes(...parts);
  const frames: ControlFrame[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const size = new DataView(bytes.buffer).getUint32(at);
    const decoded = decodeControlFrame(bytes.subarray(at + 4, at + 4 + size));
    if (decoded.ok) frames.push(decoded.value);
    at += 4 + size;
  }
  return frames;
}
