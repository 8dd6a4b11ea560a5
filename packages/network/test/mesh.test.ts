import { afterEach, describe, expect, it } from 'vitest';
import { admit, createNode, createNodes, GENESIS, isMeshed, messages, startAll, stopAll, until } from './nodes.ts';

afterEach(stopAll);

describe('four nodes on this machine', () => {
  it('NET-14: make one connection per pair and exchange frames in order', async () => {
    const nodes = createNodes(4);
    await startAll(nodes);
    admit(nodes);
    await until(() => isMeshed(nodes), 'a full mesh');
    expect(nodes.map((node) => node.ups.length)).toEqual([3, 3, 3, 3]);
    const [first, second] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    for (let i = 0; i < 2_000; i++) {
      expect(first.network.send(second.nodeId, 'consensus', Uint8Array.of(i >> 8, i & 0xff))).toBe(true);
    }
    await until(() => second.frames.length === 2_000, '2,000 frames');
    expect(second.frames.map(({ bytes }) => ((bytes[0] as number) << 8) | (bytes[1] as number))).toEqual(
      Array.from({ length: 2_000 }, (_, i) => i),
    );
  });
});
