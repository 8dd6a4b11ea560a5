import { describe, expect, test } from 'vitest';
import { height, nodeId, tx, World } from './kit.ts';

describe('gossip', () => {
  const limits = { countMax: 100, sizeBytesMax: 100_000 };

  test('own transactions go to every peer once, also to one that connects later', () => {
    const world = new World();
    world.pool.addPeer(nodeId(1));
    const own = tx({ from: 1, nonce: 0 });
    world.add(own, 'local');
    expect(world.pool.peersWithGossip()).toEqual([nodeId(1)]);
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([own]);
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([]);
    world.pool.addPeer(nodeId(2));
    expect(world.pool.takeGossip(nodeId(2), limits)).toEqual([own]);
    expect(world.pool.takeGossip(nodeId(3), limits)).toEqual([]);
  });

  test('a relayed transaction does not go back to where it came from; one that is not relayed stays', () => {
    const world = new World();
    world.pool.addPeer(nodeId(1));
    world.pool.addPeer(nodeId(2));
    const relayed = tx({ from: 1, nonce: 0 });
    world.pool.add([relayed], { type: 'peer', nodeId: nodeId(1), relay: true });
    world.pool.add([tx({ from: 2, nonce: 0 })], { type: 'peer', nodeId: nodeId(1), relay: false });
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([]);
    expect(world.pool.takeGossip(nodeId(2), limits)).toEqual([relayed]);
  });

  test('batches keep to count and size, and a large transaction goes alone', () => {
    const world = new World();
    world.pool.addPeer(nodeId(1));
    const all = [50, 60, 900].map((sizeBytes, nonce) => tx({ from: 1, nonce, sizeBytes }));
    world.pool.add(all, { type: 'local' });
    expect(world.pool.takeGossip(nodeId(1), { countMax: 1, sizeBytesMax: 100 })).toEqual([all[0]]);
    expect(world.pool.takeGossip(nodeId(1), { countMax: 9, sizeBytesMax: 100 })).toEqual([all[1]]);
    expect(world.pool.takeGossip(nodeId(1), { countMax: 9, sizeBytesMax: 100 })).toEqual([all[2]]);
  });

  test('a batch that the network did not take is given again', () => {
    const world = new World();
    world.pool.addPeer(nodeId(1));
    const own = tx({ from: 1, nonce: 0 });
    world.add(own, 'local');
    world.pool.takeGossip(nodeId(1), limits);
    world.pool.untakeGossip(nodeId(1));
    world.pool.untakeGossip(nodeId(1));
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([own]);
  });

  test('what has ended is not sent, and a peer that is far behind misses the oldest', () => {
    const world = new World({ gossipCountMax: 2 });
    world.pool.addPeer(nodeId(1));
    const all = [0, 1, 2, 3].map((nonce) => tx({ from: 1, nonce }));
    world.pool.add(all, { type: 'local' });
    world.commit([all[0]!, all[1]!, all[2]!]);
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([all[3]]);
    expect(world.pool.metrics().gossipMissed).toBe(2);
  });
});

describe('facts for consensus', () => {
  const others = [
    { nodeId: nodeId(2), weight: 1 },
    { nodeId: nodeId(3), weight: 1 },
  ];
  const requirement = { primary: nodeId(1), others, weightAbove: 1 };
  const limits = { countMax: 100, sizeBytesMax: 100_000 };

  test('PBFT-V1: a transaction counts as waiting once the primary and more than F others were sent it', () => {
    const world = new World();
    for (const n of [1, 2, 3]) world.pool.addPeer(nodeId(n));
    expect(world.pool.hasWaiting(requirement)).toBe(false);
    world.add(tx({ from: 1, nonce: 0 }), 'local');
    expect(world.pool.hasExecutable()).toBe(true);
    for (const n of [2, 3, 1]) {
      expect(world.pool.hasWaiting(requirement)).toBe(false);
      world.pool.takeGossip(nodeId(n), limits);
    }
    expect(world.pool.hasWaiting(requirement)).toBe(true);
    world.pool.markOrdered(height(1), world.select());
    expect(world.pool.hasWaiting(requirement)).toBe(false);
  });

  test('PBFT-V1: nobody waits for a primary that is not connected', () => {
    const world = new World();
    for (const n of [2, 3]) world.pool.addPeer(nodeId(n));
    world.add(tx({ from: 1, nonce: 0 }), 'local');
    for (const n of [2, 3]) world.pool.takeGossip(nodeId(n), limits);
    expect(world.pool.hasWaiting(requirement)).toBe(true);
  });

  test('PBFT-V1: a foreign transaction counts after it was sent again to all', () => {
    const world = new World();
    for (const n of [1, 2, 3]) world.pool.addPeer(nodeId(n));
    const foreign = tx({ from: 1, nonce: 0 });
    world.add(foreign, 2);
    expect(world.pool.resendWaiting({ countMax: 10, sentMax: 10, waitedMsMin: 500 })).toBe(0);
    world.timeMs = 500;
    expect(world.pool.resendWaiting({ countMax: 10, sentMax: 10, waitedMsMin: 500 })).toBe(1);
    expect(world.pool.takeGossip(nodeId(1), limits)).toEqual([foreign]);
    expect(world.pool.takeGossip(nodeId(2), limits)).toEqual([]);
    expect(world.pool.takeGossip(nodeId(3), limits)).toEqual([foreign]);
    expect(world.pool.hasWaiting(requirement)).toBe(true);
  });

  test('PBFT-V1: of many that wait no more are sent again than was asked for', () => {
    const world = new World();
    world.pool.addPeer(nodeId(1));
    for (let from = 1; from <= 5; from++) world.add(tx({ from, nonce: 0 }), 2);
    const resend = (): number =>
      world.pool.resendWaiting({ countMax: 10, sentMax: 2, waitedMsMin: 0, onlyForeign: true });
    expect([resend(), resend(), resend(), resend()]).toEqual([2, 2, 1, 0]);
    expect(world.pool.takeGossip(nodeId(1), limits)).toHaveLength(5);
  });

  test('PBFT-V1: what clients of this node handed in is what a primary gets again', () => {
    const world = new World();
    const own = [1, 2, 3].map((from) => tx({ from, nonce: 0 }));
    for (const each of own) world.add(each, 'local');
    world.add(tx({ from: 4, nonce: 0 }), 2);
    world.add(tx({ from: 5, nonce: 1 }), 'local');
    expect(world.pool.ownWaiting(10)).toHaveLength(3);
    expect(world.pool.ownWaiting(10)).toEqual(expect.arrayContaining(own));
    expect(world.pool.ownWaiting(2)).toHaveLength(2);
  });

  test('PBFT-V2: overtaken by what came later for no more, not by what pays more or came about then', () => {
    const world = new World();
    world.fund(2, 10n ** 18n);
    world.pool.addPeer(nodeId(1));
    const waiting = tx({ from: 1, nonce: 0, maxFeePerGas: 0n });
    world.add(waiting, 'local');
    world.timeMs = 2_000;
    const soon = tx({ from: 3, nonce: 0 });
    world.add(soon);
    world.timeMs = 2_001;
    const late = tx({ from: 4, nonce: 0 });
    const dear = tx({ from: 2, nonce: 0, maxFeePerGas: 3n });
    world.pool.add([late, dear], { type: 'local' });
    world.timeMs = 3_000;
    const options = { marginMs: 2_000, primary: nodeId(1) };
    expect(world.pool.findOvertaken([late], options)).toBeUndefined();
    world.pool.takeGossip(nodeId(1), limits);
    expect(world.pool.findOvertaken([soon, dear], options)).toBeUndefined();
    expect(world.pool.findOvertaken([late, waiting], options)).toBeUndefined();
    expect(world.pool.findOvertaken([soon, late], options)).toBe(waiting.hash);
  });

  test('PBFT-V2: a transaction is as old as it has been next in its account', () => {
    const world = new World();
    const second = tx({ from: 1, nonce: 1 });
    world.add(second, 'local');
    world.timeMs = 5_000;
    world.add(tx({ from: 1, nonce: 0 }), 'local');
    const other = tx({ from: 2, nonce: 0 });
    world.add(other);
    world.timeMs = 6_000;
    expect(world.pool.findOvertaken([other], { marginMs: 2_000, primary: undefined })).toBeUndefined();
  });
});
