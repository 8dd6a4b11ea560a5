import type { NodeId } from '@hansa/primitives';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { describe, expect, it } from 'vitest';
import { parseDialAddress, readableAddress } from '../src/addresses.ts';
import { ClockEstimate } from '../src/clock-estimate.ts';
import { libp2pKeyOf, nodeIdOfPeer } from '../src/identity.ts';
import * as network from '../src/index.ts';
import { assertNetworkLimits, DEFAULT_NETWORK_LIMITS } from '../src/limits.ts';
import { LogLimiter } from '../src/log-limiter.ts';
import { Outbox, WRITE_SIZE_MAX } from '../src/outbox.ts';
import { TokenBucket } from '../src/token-bucket.ts';
import { digest } from './nodes.ts';

it('the package exports these names', () => {
  expect(Object.keys(network).sort()).toMatchInlineSnapshot(`
    [
      "CHANNELS",
      "DEFAULT_NETWORK_LIMITS",
      "DOOR_ANSWER_SIZE_MAX",
      "DOOR_REQUEST_SIZE_MAX",
      "FrameDecoder",
      "checkPreamble",
      "createNetwork",
      "decodeControlFrame",
      "encodeControlFrame",
      "encodePreamble",
      "knock",
      "mayBePreamble",
      "nodeIdOfPeerId",
      "parseDialAddress",
      "peerIdOfNodeId",
    ]
  `);
});

describe('identity', () => {
  it('NET-1: node id and peer id are one key, both ways', () => {
    const { nodeId, peerId } = libp2pKeyOf(digest('a key'));
    expect(network.peerIdOfNodeId(nodeId)).toBe(peerId.toString());
    expect(peerId.toString()).toMatch(/^16Uiu2HA/);
    expect(network.nodeIdOfPeerId(peerId.toString())).toBe(nodeId);
  });

  it('NET-1: other keys and other points are nobody', async () => {
    expect(nodeIdOfPeer(peerIdFromPrivateKey(await generateKeyPair('Ed25519')))).toBeUndefined();
    expect(network.peerIdOfNodeId('11'.repeat(64) as NodeId)).toBeUndefined();
    expect(network.nodeIdOfPeerId('nonsense')).toBeUndefined();
    expect(() => libp2pKeyOf(new Uint8Array(32))).toThrow();
    expect(() => libp2pKeyOf(new Uint8Array(31).fill(1))).toThrow();
  });
});

describe('addresses', () => {
  const { peerId } = libp2pKeyOf(digest('a key'));
  const other = libp2pKeyOf(digest('another')).peerId;

  it.each([
    { text: '/ip4/10.0.0.1/tcp/30300', readable: '10.0.0.1:30300' },
    { text: '/ip6/::1/tcp/30300', readable: '[::1]:30300' },
    { text: '/dns4/node.bank.example/tcp/30300', readable: 'node.bank.example:30300' },
    { text: `/ip4/10.0.0.1/tcp/30300/p2p/${peerId}`, readable: '10.0.0.1:30300' },
    { text: `/ip4/10.0.0.1/tcp/30300/p2p/${other}`, readable: undefined },
    { text: '/ip4/10.0.0.1/udp/30300', readable: undefined },
    { text: '/ip4/10.0.0.1/tcp/30300/ws', readable: undefined },
    { text: '/ip4/10.0.0.1', readable: undefined },
    { text: '/dnsaddr/node.bank.example', readable: undefined },
    { text: '/dnsaddr/node.bank.example/tcp/30300', readable: undefined },
    { text: `/ip4/10.0.0.1/tcp/1/p2p/${peerId}/p2p-circuit`, readable: undefined },
    { text: '/ip4/10.0.0.256/tcp/30300', readable: undefined },
    { text: '10.0.0.1:30300', readable: undefined },
  ])('NET-2: $text', ({ text, readable }) => {
    const address = parseDialAddress(text, peerId.toString());
    expect(address && readableAddress(address)).toBe(readable);
    if (address !== undefined) expect(address.toString().endsWith(`/p2p/${peerId}`)).toBe(true);
  });
});

describe('Outbox', () => {
  const create = (options: { queueSizeMax?: number; policy?: 'dropOldest' | 'refuse' } = {}) => {
    const written: Uint8Array[] = [];
    const turns: (() => void)[] = [];
    const sink = { writable: true, write: (bytes: Uint8Array) => void written.push(bytes) };
    let evicted = 0;
    const outbox = new Outbox(sink, {
      queueSizeMax: options.queueSizeMax ?? 1_000_000,
      policy: options.policy ?? 'refuse',
      turnSizeMax: 128 * 1024,
      onEvicted: (count) => {
        evicted += count;
      },
      schedule: (run) => void turns.push(run),
    });
    const turn = (): void => turns.splice(0).forEach((run) => void run());
    return { outbox, sink, written, turn, evicted: () => evicted };
  };
  const sizes = (parts: readonly Uint8Array[]): number[] => parts.map((part) => part.length);

  it('joins small frames to one write', () => {
    const { outbox, written, turn } = create();
    for (let i = 0; i < 100; i++) outbox.push(Uint8Array.of(i));
    turn();
    expect(sizes(written)).toEqual([500]);
    expect([...(written[0] as Uint8Array).subarray(0, 10)]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 1, 1]);
  });

  it('cuts a large frame, and lets other streams have their turn', () => {
    const { outbox, written, turn } = create();
    outbox.push(new Uint8Array(300 * 1024));
    turn();
    expect(sizes(written)).toEqual([WRITE_SIZE_MAX, WRITE_SIZE_MAX]);
    turn();
    turn();
    expect(written.reduce((sum, part) => sum + part.length, 0)).toBe(300 * 1024 + 4);
  });

  it('NET-10: refuses above the limit, and takes again what fits after a drain', () => {
    const { outbox, sink, written, turn } = create({ queueSizeMax: 100 });
    sink.writable = false;
    expect([60, 40, 1].map((size) => outbox.push(new Uint8Array(size)))).toEqual([true, true, false]);
    turn();
    expect(written).toEqual([]);
    sink.writable = true;
    outbox.onDrain();
    turn();
    expect(sizes(written)).toEqual([108]);
    expect(outbox.push(new Uint8Array(100))).toBe(true);
  });

  it('NET-10: drops the oldest, never the one being written', () => {
    const { outbox, sink, written, turn, evicted } = create({ queueSizeMax: 100_000, policy: 'dropOldest' });
    sink.write = (bytes) => {
      written.push(bytes);
      sink.writable = false;
    };
    for (let i = 0; i < 10; i++) {
      expect(outbox.push(new Uint8Array(99_000).fill(i))).toBe(true);
      turn();
    }
    expect(evicted()).toBe(8);
    for (let i = 0; i < 10; i++) {
      sink.writable = true;
      outbox.onDrain();
      turn();
    }
    const bytes = Buffer.concat(written);
    expect(bytes.length).toBe(2 * 99_004);
    expect([bytes[4], bytes[99_003], bytes[99_008], bytes.at(-1)]).toEqual([0, 0, 9, 9]);
  });

  it('bounds the number of frames too', () => {
    const { outbox, sink } = create();
    sink.writable = false;
    let taken = 0;
    while (outbox.push(Uint8Array.of(1))) taken++;
    expect(taken).toBe(16_384);
  });

  it('takes nothing after it was closed', () => {
    const { outbox, written, turn } = create();
    outbox.push(Uint8Array.of(1));
    outbox.close();
    turn();
    expect(outbox.push(Uint8Array.of(1))).toBe(false);
    expect(written).toEqual([]);
  });
});

describe('TokenBucket', () => {
  it('allows the burst, then the rate, and never saves more than the burst', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    const take = (count: number, nowMs: number): number =>
      Array.from({ length: count }, () => bucket.take(1, nowMs)).filter(Boolean).length;
    expect([take(5, 0), take(5, 99), take(5, 100), take(5, 1_000_000), take(5, 999_999)]).toEqual([3, 0, 1, 3, 0]);
    expect(bucket.take(4, 2_000_000)).toBe(false);
  });
});

describe('LogLimiter', () => {
  it('writes the first lines of a kind, then says how many were left out', () => {
    const lines: unknown[] = [];
    const ignore = (): void => {};
    let nowMs = 0;
    const logger = { debug: ignore, info: ignore, error: ignore, warn: (...line: unknown[]) => void lines.push(line) };
    const limiter = new LogLimiter(logger, () => nowMs);
    for (let i = 0; i < 100; i++) limiter.warn('a', 'refused');
    limiter.warn('b', 'other');
    nowMs = 5_000;
    limiter.warn('a', 'refused');
    expect(lines).toHaveLength(7);
    expect(lines.at(-1)).toEqual(['refused', { alsoLeftOut: 95 }]);
  });
});

describe('ClockEstimate', () => {
  it('NET-15: believes the sample with the shortest round trip, of the last eight', () => {
    const clock = new ClockEstimate();
    expect(clock.best()).toBeUndefined();
    clock.add({ sentMs: 1_000, receivedMs: 1_010, theirMs: 6_005 });
    for (let i = 0; i < 7; i++) clock.add({ sentMs: 2_000, receivedMs: 3_000, theirMs: 7_900 });
    expect(clock.best()).toEqual({ offsetMs: 5_000, roundTripMs: 10 });
    clock.add({ sentMs: 2_000, receivedMs: 3_000, theirMs: 7_900 });
    expect(clock.best()).toEqual({ offsetMs: 5_400, roundTripMs: 1_000 });
  });
});

describe('limits', () => {
  it('NET-20: the defaults fit together, contradictions are refused', () => {
    assertNetworkLimits(DEFAULT_NETWORK_LIMITS);
    const { channels } = DEFAULT_NETWORK_LIMITS;
    expect([channels.consensus.frameSizeMax, channels.transactions.frameSizeMax, channels.sync.frameSizeMax]).toEqual([
      2_097_152, 2_097_152, 262_144,
    ]);
    for (const wrong of [
      { heartbeatTimeoutMs: 2_000 },
      { redialMs: 5_000 },
      { banMs: 0 },
      { nodeCountMax: 1.5 },
      { channels: { ...channels, sync: { ...channels.sync, sendQueueSizeMax: 1_000 } } },
    ]) {
      expect(() => assertNetworkLimits({ ...DEFAULT_NETWORK_LIMITS, ...wrong })).toThrow();
    }
  });
});
