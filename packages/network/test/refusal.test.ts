import { connect, createServer, type Socket } from 'node:net';
import { concatBytes, toHashHex } from '@hansa/primitives';
import { afterEach, describe, expect, it } from 'vitest';
import { encodePreamble, PREAMBLE_SIZE } from '../src/preamble.ts';
import {
  addressesOf,
  admit,
  createNode,
  createNodes,
  GENESIS,
  isMeshed,
  messages,
  QUICK,
  startAll,
  stopAll,
  type TestNode,
  until,
} from './nodes.ts';

const sockets: { destroy(): void }[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stopAll();
});

const NAME = { chainId: 20200, groupId: 'group0', genesisHash: GENESIS };

describe('peers of another network', () => {
  it.each([
    {
      name: 'another genesis',
      other: { genesisHash: toHashHex('22'.repeat(32)) },
      words: 'another genesis',
      reason: 'otherGenesis',
    },
    { name: 'another chain', other: { chainId: 7 }, words: 'is on chain', reason: 'otherChain' },
  ])('NET-3: $name is told in one line on both sides and dropped', async ({ other, words, reason }) => {
    const ours = createNode('ours', { limits: QUICK });
    const theirs = createNode('theirs', { limits: QUICK, ...other });
    await startAll([ours, theirs]);
    ours.network.setAdmission({ nodes: [{ nodeId: theirs.nodeId, addresses: addressesOf(theirs) }] });
    theirs.network.setAdmission({ nodes: [{ nodeId: ours.nodeId, addresses: [] }] });
    await until(() => messages(ours).includes(words) && messages(theirs).includes(words), 'a line in both logs');
    expect(ours.lines.filter((line) => line.level === 'warn')).toHaveLength(1);
    expect(theirs.lines.filter((line) => line.level === 'warn')).toHaveLength(1);
    expect(ours.network.counters().dialFailed[reason]).toBe(1);
    expect(theirs.network.counters().refused[reason]).toBe(1);
    expect(ours.network.peers()[0]?.lastError?.reason).toBe(reason);
    expect(ours.network.connected()).toEqual([]);
  });

  it('NET-3: another version is told, whatever follows it', async () => {
    const node = createNode('ours');
    await node.network.start();
    const preamble = encodePreamble(NAME);
    preamble[5] = 9;
    const answer = await talk(node, preamble);
    expect(answer.length).toBe(PREAMBLE_SIZE);
    expect(messages(node)).toContain('speaks network protocol version 9, this node version 1');
    expect(node.network.counters().refused).toEqual({ otherVersion: 1 });
  });

  it('says that a server of another kind is no Hansa node', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const [node, absent] = createNodes(2, { limits: QUICK }) as [TestNode, TestNode];
    await node.network.start();
    node.network.setAdmission({ nodes: [{ nodeId: absent.nodeId, addresses: [`/ip4/127.0.0.1/tcp/${port}`] }] });
    await until(() => messages(node).includes(`the peer at 127.0.0.1:${port} is no Hansa node`), 'words');
    expect(node.network.counters().dialFailed).toEqual({ garbage: 1 });
    await new Promise((resolve) => server.close(resolve));
  });

  it('says that another node answers at the address of a peer', async () => {
    const [low, middle, high] = createNodes(3, { limits: QUICK }) as [TestNode, TestNode, TestNode];
    await startAll([low, middle]);
    low.network.setAdmission({ nodes: [{ nodeId: high.nodeId, addresses: addressesOf(middle) }] });
    await until(() => messages(low).includes('another node answers there'), 'words');
    expect(low.network.counters().dialFailed).toEqual({ encryptionFailed: 1 });
  });

  it('names a peer that is down, and does so once', async () => {
    const [node, absent] = createNodes(2, { limits: { ...QUICK, redialMs: 20 } }) as [TestNode, TestNode];
    await node.network.start();
    node.network.setAdmission({ nodes: [{ nodeId: absent.nodeId, addresses: ['/ip4/127.0.0.1/tcp/1'] }] });
    await until(() => (node.network.counters().dialFailed['unreachable'] ?? 0) >= 3, 'three dials');
    expect(node.lines.filter((line) => line.level === 'warn').map((line) => line.message)).toEqual([
      expect.stringContaining(
        'the peer at 127.0.0.1:1 cannot be reached: connection error 127.0.0.1:1: connect ECONNREFUSED',
      ),
    ]);
  });

  it('does not dial what is no plain TCP address', async () => {
    const [node, absent] = createNodes(2) as [TestNode, TestNode];
    await node.network.start();
    const addresses = ['/dnsaddr/example.invalid', '127.0.0.1:1', '/ip4/127.0.0.1/udp/1/quic-v1', ''];
    node.network.setAdmission({ nodes: [{ nodeId: absent.nodeId, addresses }] });
    expect(node.lines.map((line) => line.message)).toEqual(
      Array(4).fill('an address of the registry cannot be dialed'),
    );
    expect(node.network.peers()).toMatchObject([{ state: 'idle', address: undefined }]);
  });
});

describe('strangers on the port', () => {
  it('refuses garbage at its first wrong byte, and others go on', async () => {
    const nodes = createNodes(2, { limits: QUICK });
    await startAll(nodes);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a connection');
    const [node] = nodes as [TestNode];
    for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\u0000', 'HANSO', '\u0013/multistream/1.0.0\n']) {
      await talk(node, new TextEncoder().encode(garbage));
    }
    await until(() => node.network.counters().refused['garbage'] === 4, 'four refusals');
    expect(node.network.connected()).toHaveLength(1);
    expect(node.downs).toEqual([]);
  });

  it('NET-5: refuses garbage in place of the negotiation and of the encrypted handshake, at once', async () => {
    const [node] = createNodes(1, { limits: QUICK }) as [TestNode];
    await node.network.start();
    const negotiation = new TextEncoder().encode('\x13/multistream/1.0.0\n\x07/noise\n');
    const garbage = new Uint8Array(500_000).fill(0xa5);
    const startedMs = performance.now();
    await talk(node, concatBytes(encodePreamble(NAME), garbage));
    await until(() => node.network.counters().refused['garbage'] === 1, 'a refusal');
    await talk(node, concatBytes(encodePreamble(NAME), negotiation, garbage));
    await until(() => node.network.counters().refused['encryptionFailed'] === 1, 'another refusal');
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  it('NET-5: ends a dialed server that answers the preamble and then with garbage', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.write(concatBytes(encodePreamble(NAME), new Uint8Array(500_000).fill(0xa5)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const [node, absent] = createNodes(2, { limits: QUICK }) as [TestNode, TestNode];
    await node.network.start();
    node.network.setAdmission({ nodes: [{ nodeId: absent.nodeId, addresses: [`/ip4/127.0.0.1/tcp/${port}`] }] });
    await until(() => node.network.peers()[0]?.lastError !== undefined, 'a failed dial', 2_000);
    expect(node.network.connected()).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
  });

  it('ends slow connections: silent ones, dripping ones, and those that stop after the preamble', async () => {
    const limits = { ...QUICK, preambleTimeoutMs: 200, upgradeTimeoutMs: 400, pendingCountPerHostMax: 3 };
    const nodes = createNodes(2, { limits });
    const [node] = nodes as [TestNode];
    await startAll(nodes);
    const silent = open(node);
    const dripping = open(node);
    dripping.socket.write('HAN');
    const stuck = open(node);
    stuck.socket.write(encodePreamble(NAME));
    await until(() => node.network.counters().refused['handshakeTimeout'] === 3, 'three time-outs');
    await Promise.all([silent.closed, dripping.closed, stuck.closed]);
    admit(nodes);
    await until(() => isMeshed(nodes), 'room for a node');
  });

  it('NET-20: a host that the operator keeps out is closed unread and not dialed, member or not', async () => {
    const closed = createNode('keeps loopback out', { limits: QUICK, hosts: { allow: ['10.0.0.0/8'], deny: [] } });
    const other = createNode('a member on loopback', { limits: QUICK });
    await startAll([closed, other]);
    admit([closed, other]);
    await until(() => (closed.network.counters().refused['hostDenied'] ?? 0) > 0, 'a refusal');
    const failed = (): number =>
      Object.values(closed.network.counters().dialFailed).reduce((sum, count) => sum + count, 0);
    await until(() => failed() > 0, 'a dial that is not made');
    expect(closed.network.connected()).toEqual([]);
    expect(messages(closed)).toContain('p2p.allow');
  });

  it('bounds connections that have not proven their key', async () => {
    const limits = { ...QUICK, pendingCountPerHostMax: 8, inboundPerSecondMax: 20 };
    const [node] = createNodes(1, { limits }) as [TestNode];
    await node.network.start();
    const opened = Array.from({ length: 100 }, () => open(node));
    await until(() => (node.network.counters().refused['tooManyConnections'] ?? 0) >= 92, '92 refusals');
    expect(node.lines.filter((line) => line.level === 'warn').length).toBeLessThanOrEqual(5);
    for (const { socket } of opened) socket.destroy();
  });
});

function open(node: TestNode): { socket: Socket; closed: Promise<void>; received: () => Uint8Array } {
  const port = Number(addressesOf(node)[0]?.split('/')[4]);
  const parts: Buffer[] = [];
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('data', (part) => parts.push(part));
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  // A reset is one of the ways in which it may end.
  socket.on('error', () => socket.destroy());
  return { socket, closed, received: () => Buffer.concat(parts) };
}

/** Sends bytes on a plain connection, waits until the node closes it, and returns what came back. */
async function talk(node: TestNode, bytes: Uint8Array): Promise<Uint8Array> {
  const { socket, closed, received } = open(node);
  socket.write(bytes);
  await closed;
  return received();
}
