/** Newcomers at the door of a node that has not admitted them: docs/spec/joining.md, section 3. */
import { connect, type Socket } from 'node:net';
import { toHashHex } from '@hansa/primitives';
import { afterEach, describe, expect, it } from 'vitest';
import { DOOR_REQUEST_SIZE_MAX, type DoorHandler, type Knock, knock } from '../src/index.ts';
import { encodePreamble } from '../src/preamble.ts';
import { addressesOf, createNode, digest, GENESIS, QUICK, stopAll, type TestNode, until } from './nodes.ts';

const NAME = { chainId: 20200, groupId: 'group0', genesisHash: GENESIS };
const NEWCOMER = digest('newcomer');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stopAll();
});

async function entryNode(door?: DoorHandler, limits = QUICK): Promise<TestNode> {
  const node = createNode('entry', { limits, ...(door && { door }) });
  await node.network.start();
  return node;
}

const knockAt = (node: TestNode, over: Partial<Knock> = {}): ReturnType<typeof knock> =>
  knock({
    name: NAME,
    privateKey: NEWCOMER,
    entry: { nodeId: node.nodeId, address: addressesOf(node)[0] as string },
    request: bytes('let me in'),
    ...over,
  });

describe('JOIN-20, JOIN-21: the door', () => {
  it('JOIN-21: hears one request of a key that noise has proven, and answers it, however long the answer is', async () => {
    const heard: (readonly [string, string])[] = [];
    const long = new Uint8Array(3_000_000).fill(7);
    const node = await entryNode(async (from, request) => {
      heard.push([from, new TextDecoder().decode(request)]);
      return long;
    });
    const answer = await knockAt(node);
    expect(answer.ok && Buffer.compare(answer.value, long)).toBe(0);
    const newcomer = createNode('newcomer');
    expect(heard).toEqual([[newcomer.nodeId, 'let me in']]);
    expect(node.network.connected()).toEqual([]);
    expect(node.network.counters().refused).toEqual({});
  });

  it('JOIN-20: a node without a door takes a newcomer for a stranger', async () => {
    const node = await entryNode();
    const answer = await knockAt(node);
    expect(answer.ok).toBe(false);
    await until(() => node.network.counters().refused['garbage'] === 1, 'counted');
  });

  it('JOIN-20: another chain or genesis is told before anything is said', async () => {
    const node = await entryNode(async () => bytes('in'));
    const chain = await knockAt(node, { name: { ...NAME, chainId: 7 } });
    expect(chain).toMatchObject({ ok: false, error: { reason: 'otherChain' } });
    const genesis = await knockAt(node, { name: { ...NAME, genesisHash: toHashHex('22'.repeat(32)) } });
    expect(genesis).toMatchObject({ ok: false, error: { reason: 'otherGenesis' } });
    // The preamble does not name the group: noise does.
    const group = await knockAt(node, { name: { ...NAME, groupId: 'group1' } });
    expect(group).toMatchObject({ ok: false, error: { reason: 'encryptionFailed' } });
  });

  it('JOIN-20: somebody else at the address of the entry node is not told the request', async () => {
    let heard = 0;
    const node = await entryNode(async () => {
      heard++;
      return bytes('in');
    });
    const other = createNode('somebody else');
    const answer = await knockAt(node, { entry: { nodeId: other.nodeId, address: addressesOf(node)[0] as string } });
    expect(answer).toMatchObject({ ok: false, error: { reason: 'encryptionFailed' } });
    expect(heard).toBe(0);
  });

  it('says that nobody is there, and what is no address', async () => {
    const node = await entryNode(async () => bytes('in'));
    const { nodeId } = node;
    const absent = await knockAt(node, { entry: { nodeId, address: '/ip4/127.0.0.1/tcp/1' } });
    expect(absent).toMatchObject({ ok: false, error: { reason: 'unreachable' } });
    const none = await knockAt(node, { entry: { nodeId, address: '/dnsaddr/example.com' } });
    expect(none).toMatchObject({
      ok: false,
      error: { reason: 'unreachable', message: 'has no address that can be dialed' },
    });
  });

  it('JOIN-20: more than four at once are sent away', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let inside = 0;
    const node = await entryNode(async () => {
      inside++;
      await released;
      return bytes('in');
    });
    const waiting = [1, 2, 3, 4].map((n) => knockAt(node, { privateKey: digest(`newcomer ${n}`) }));
    await until(() => inside === 4, 'four are at the door');
    expect(await knockAt(node)).toMatchObject({ ok: false, error: { reason: 'tooManyConnections' } });
    release();
    expect((await Promise.all(waiting)).map(({ ok }) => ok)).toEqual([true, true, true, true]);
    expect((await knockAt(node)).ok).toBe(true);
    expect(node.network.counters().refused).toEqual({ tooManyConnections: 1 });
  });

  it('JOIN-20: newcomers above the rate are sent away', async () => {
    const node = await entryNode(async () => bytes('in'), { ...QUICK, doorPerSecondMax: 1 });
    const answers = [];
    for (let n = 0; n < 12; n++) answers.push(await knockAt(node, { privateKey: digest(`newcomer ${n}`) }));
    expect(answers.slice(0, 4).map(({ ok }) => ok)).toEqual([true, true, true, true]);
    const refused = answers.filter((answer) => !answer.ok && answer.error.reason === 'tooManyConnections');
    expect(refused.length).toBeGreaterThan(0);
  });

  it('JOIN-21: a request that is too long, and silence, end the connection', async () => {
    let heard = 0;
    const node = await entryNode(async () => {
      heard++;
      return bytes('in');
    });
    const answer = await knockAt(node, { request: new Uint8Array(DOOR_REQUEST_SIZE_MAX + 1) });
    expect(answer.ok).toBe(false);
    expect(heard).toBe(0);
    // One that says nothing after its preamble is a connection like others that have not proven their key.
    const port = Number((addressesOf(node)[0] as string).split('/').at(-1));
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('data', () => undefined);
    socket.write(encodePreamble(NAME, 'newcomer'));
    await ended;
    await until(() => node.network.counters().refused['handshakeTimeout'] === 1, 'counted');
  });
});
