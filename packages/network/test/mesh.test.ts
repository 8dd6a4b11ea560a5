import { connect, createServer, type Socket } from 'node:net';
import { toHashHex, toHeight } from '@hansa/primitives';
import { afterEach, describe, expect, it } from 'vitest';
import {
  addressesOf,
  admit,
  createNode,
  createNodes,
  isMeshed,
  messages,
  QUICK,
  startAll,
  stopAll,
  type TestNode,
  until,
} from './nodes.ts';

afterEach(stopAll);

const portOf = (node: TestNode): number => Number(addressesOf(node)[0]?.split('/')[4]);

describe('a mesh of nodes on this machine', () => {
  it('NET-14: makes one connection per pair and delivers frames whole and in order', async () => {
    const nodes = createNodes(4);
    await startAll(nodes);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a full mesh');
    expect(nodes.map((node) => node.ups.length)).toEqual([3, 3, 3, 3]);
    const [first, second] = nodes as [TestNode, TestNode];
    for (let i = 0; i < 2_000; i++) {
      expect(first.network.send(second.nodeId, 'consensus', Uint8Array.of(i >> 8, i & 0xff))).toBe(true);
    }
    const large = new Uint8Array(2 * 1024 * 1024).map((_, i) => i * 7);
    expect(second.network.send(first.nodeId, 'transactions', large)).toBe(true);
    await until(() => second.frames.length === 2_000 && first.frames.length === 1, 'all frames');
    expect(second.frames.map(({ bytes }) => ((bytes[0] as number) << 8) | (bytes[1] as number))).toEqual(
      Array.from({ length: 2_000 }, (_, i) => i),
    );
    expect(Buffer.compare(first.frames[0]?.bytes as Uint8Array, large)).toBe(0);
    expect(first.frames[0]).toMatchObject({ from: second.nodeId, channel: 'transactions' });
  });

  it('admits nobody before the first snapshot and after an empty one', async () => {
    const nodes = createNodes(2, { limits: QUICK });
    await startAll(nodes);
    const [first, second] = nodes as [TestNode, TestNode];
    first.network.setAdmission({ nodes: [{ nodeId: second.nodeId, addresses: addressesOf(second) }] });
    await until(() => messages(first).includes('does not admit this node'), 'the refusal told');
    expect(second.network.connected()).toEqual([]);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a connection');
    second.network.setAdmission({ nodes: [] });
    expect(second.downs).toMatchObject([{ nodeId: first.nodeId, reason: 'notAdmitted' }]);
    await until(() => first.downs.length === 1, 'the cut');
    expect(first.downs[0]).toMatchObject({ nodeId: second.nodeId, reason: 'notAdmitted' });
    expect(first.downs[0]?.message).toContain('this node was taken off the registry');
  });

  it('NET-6: refuses a fifth node with words on both sides, lets it in once added, cuts it when removed', async () => {
    const nodes = createNodes(4, { limits: QUICK });
    const fifth = createNode('the fifth', { limits: QUICK });
    await startAll([...nodes, fifth]);
    admit([...nodes, fifth], nodes);
    await until(() => isMeshed(nodes), 'a mesh of four');
    await until(() => (fifth.network.counters().dialFailed['notAdmitted'] ?? 0) >= 4, 'four refusals');
    expect(fifth.network.connected()).toEqual([]);
    expect(messages(fifth)).toContain('does not admit this node: its id is not in the registry that the peer sees');
    const line = `node ${fifth.nodeId.slice(0, 16)}… is not in the registry`;
    await until(() => nodes.every((node) => messages(node).includes(line)), 'a line in the logs of the four');
    for (const node of nodes) expect(node.network.counters().refused['notAdmitted']).toBeGreaterThan(0);
    const all = [...nodes, fifth];
    admit(all);
    await until(() => isMeshed(all), 'a mesh of five');
    admit(nodes);
    expect(nodes.every((node) => !node.network.connected().includes(fifth.nodeId))).toBe(true);
    await until(() => fifth.network.connected().length === 0, 'the fifth is cut', 10_000);
    // Of two dials that met, one connection was replaced by the other.
    const reasons = fifth.downs.map((down) => down.reason).filter((reason) => reason !== 'duplicate');
    expect(reasons).toEqual(Array(4).fill('notAdmitted'));
    expect(nodes[0]?.network.send(fifth.nodeId, 'consensus', Uint8Array.of(1))).toBe(false);
  });

  it('NET-16: tells heads and clocks', async () => {
    const nodes = createNodes(1, { limits: QUICK });
    const late = createNode('late', { limits: QUICK, now: () => Date.now() - 3_600_000 });
    const both = [nodes[0] as TestNode, late] as const;
    await startAll(both);
    admit(both);
    await until(() => isMeshed(both), 'a connection');
    late.network.setLocalStatus({ height: toHeight(7), headHash: toHashHex('77'.repeat(32)) });
    await until(() => both[0].statuses.at(-1)?.status.height === 7, 'the new head');
    await until(() => both[0].network.peers()[0]?.clockOffsetMs !== undefined, 'a clock estimate');
    const info = both[0].network.peers()[0];
    expect(Math.abs((info?.clockOffsetMs as number) + 3_600_000)).toBeLessThan(1_000);
    expect(info).toMatchObject({ state: 'connected', height: 7, agent: 'hansa/test', headHash: '77'.repeat(32) });
    expect(info?.roundTripMs).toBeGreaterThanOrEqual(0);
  });

  it('is back within 3 s after a peer was restarted, and knows the new process', async () => {
    const nodes = createNodes(3);
    await startAll(nodes);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a mesh');
    const [low, middle, high] = nodes as [TestNode, TestNode, TestNode];
    for (const old of [low, high]) {
      const others = nodes.filter((node) => node !== old && node !== low) as TestNode[];
      const listen = addressesOf(old);
      await old.network.stop();
      await until(() => others.every((node) => !node.network.connected().includes(old.nodeId)), 'it is gone');
      const startedMs = performance.now();
      const again = createNode(
        `node-${['node-0', 'node-1', 'node-2'].findIndex((seed) => createNode(seed).nodeId === old.nodeId)}`,
        { listen },
      );
      expect(again.nodeId).toBe(old.nodeId);
      await again.network.start();
      admit([again], [again, ...others]);
      await until(() => again.network.connected().length === others.length, 'it is back', 3_000);
      expect(performance.now() - startedMs).toBeLessThan(3_000);
      await again.network.stop();
    }
    expect(middle.downs.some((down) => down.reason === 'stopping')).toBe(true);
  });

  it('NET-14: ends simultaneous dials with one connection', async () => {
    const nodes = createNodes(4, { limits: { dialGraceMs: 1, redialMs: 1 } }, 'pair');
    await startAll(nodes);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a mesh');
    await until(() => nodes.every((node) => node.network.counters().connected !== undefined), 'counts');
    for (const node of nodes) expect(node.downs).toEqual([]);
    for (const node of nodes) {
      for (const to of nodes) if (to !== node) node.network.send(to.nodeId, 'sync', Uint8Array.of(9));
    }
    await until(() => nodes.every((node) => node.frames.length === 3), 'a frame from each to each');
    for (const node of nodes) expect(node.downs).toEqual([]);
  });

  it('NET-8: whoever dials, the node with the lower id opens the streams', async () => {
    for (const dialer of [0, 1]) {
      const nodes = createNodes(2, { limits: QUICK }, `dialer-${dialer}`);
      await startAll(nodes);
      for (const [index, node] of nodes.entries()) {
        const other = nodes[1 - index] as TestNode;
        node.network.setAdmission({
          nodes: [{ nodeId: other.nodeId, addresses: index === dialer ? addressesOf(other) : [] }],
        });
      }
      await until(() => isMeshed(nodes), 'a connection');
      expect(nodes.map((node) => node.network.peers()[0]?.direction)).toEqual(
        dialer === 0 ? ['outbound', 'inbound'] : ['inbound', 'outbound'],
      );
      for (const node of nodes) expect(node.network.broadcast('sync', Uint8Array.of(1))).toBe(1);
      await until(() => nodes.every((node) => node.frames.length === 1), 'a frame each way');
    }
  });

  it('broadcasts to targets and not to the excepted', async () => {
    const nodes = createNodes(3);
    await startAll(nodes);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a mesh');
    const [first, second, third] = nodes as [TestNode, TestNode, TestNode];
    expect(first.network.broadcast('transactions', Uint8Array.of(1), { except: second.nodeId })).toBe(1);
    expect(first.network.broadcast('transactions', Uint8Array.of(2), { targets: [second.nodeId, first.nodeId] })).toBe(
      1,
    );
    await until(() => second.frames.length + third.frames.length === 2, 'both frames');
    expect([second.frames[0]?.bytes[0], third.frames[0]?.bytes[0]]).toEqual([2, 1]);
  });

  it('stops under load within 2 s, twice without harm', async () => {
    const nodes = createNodes(2);
    await startAll(nodes);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a connection');
    const [first, second] = nodes as [TestNode, TestNode];
    const frame = new Uint8Array(100_000);
    const load = setInterval(() => {
      for (let i = 0; i < 5; i++) first.network.send(second.nodeId, 'transactions', frame);
    }, 1);
    await until(() => second.frames.length > 20, 'load');
    const startedMs = performance.now();
    await Promise.all([first.network.stop(), first.network.stop()]);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    clearInterval(load);
    expect(first.network.send(second.nodeId, 'sync', frame)).toBe(false);
    expect(first.network.connected()).toEqual([]);
    await until(() => second.downs.length === 1, 'the goodbye');
    expect(second.downs[0]?.reason).toBe('stopping');
    await expect(connects(portOf(second))).resolves.toBe(true);
  });

  it('keeps the back-off of a peer that is down when snapshots come with every block', async () => {
    const [node, absent] = createNodes(2, { limits: { redialMs: 1_000 } }) as [TestNode, TestNode];
    await node.network.start();
    const snapshot = { nodes: [{ nodeId: absent.nodeId, addresses: ['/ip4/127.0.0.1/tcp/1'] }] };
    node.network.setAdmission(snapshot);
    await until(() => node.network.counters().dialFailed['unreachable'] === 1, 'a failed dial');
    for (let i = 0; i < 100; i++) {
      node.network.setAdmission(snapshot);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(node.network.counters().dialFailed).toEqual({ unreachable: 1 });
    expect(node.network.peers()).toMatchObject([{ state: 'waiting' }]);
  });

  it('does not stay up when it is stopped while it starts', async () => {
    const before = createNode('before');
    await before.network.start();
    const listen = addressesOf(before);
    const port = portOf(before);
    await before.network.stop();
    const node = createNode('hurried', { listen });
    const starting = node.network.start();
    await node.network.stop();
    await starting;
    await expect(connects(port)).resolves.toBe(false);
    expect(node.network.listenAddresses()).toEqual([]);
  });

  it('NETWORK_ADDRESS_IN_USE: an occupied port has a code and a remedy', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const node = createNode('occupied', { listen: [`/ip4/127.0.0.1/tcp/${port}`] });
    await expect(node.network.start()).rejects.toMatchObject({ code: 'NETWORK_ADDRESS_IN_USE' });
    const other = createNode('nonsense', { listen: ['127.0.0.1:30300'] });
    await expect(other.network.start()).rejects.toMatchObject({ code: 'NETWORK_ADDRESS_INVALID' });
    await new Promise((resolve) => server.close(resolve));
  });
});

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
