import { describe, expect, test } from 'vitest';
import * as sync from '../src/index.ts';
import { createSyncMachine, type SyncEffect, type SyncMachine } from '../src/index.ts';
import { blockAt, blocksFrom, height, nodeId } from './kit.ts';

const [alice, bob, carol] = [nodeId(1), nodeId(2), nodeId(3)];

test('the package exports what it says', () => {
  expect(Object.keys(sync).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_SYNC_LIMITS",
      "MessageAssembler",
      "PartOutbox",
      "SYNC_MESSAGE_SIZE_MAX",
      "SYNC_PART_SIZE_MAX",
      "ServeBudgets",
      "createSyncMachine",
      "serveBlocks",
      "splitMessage",
      "syncFailure",
      "verifyBlock",
    ]
  `);
});

function requestsOf(effects: readonly SyncEffect[]): Extract<SyncEffect, { type: 'request' }>[] {
  return effects.filter((effect) => effect.type === 'request');
}

function tick(machine: SyncMachine, count: number): readonly SyncEffect[] {
  return Array.from({ length: count }, () => machine.step({ type: 'tick' })).flat();
}

describe('SYNC-3: when to sync', () => {
  test('a node that starts behind asks at once, one that starts level is caught up', () => {
    const behind = createSyncMachine({ height: height(0) });
    expect(behind.step({ type: 'peerStatus', peer: alice, height: height(3) })).toEqual([
      { type: 'behind', height: 0, target: 3 },
      { type: 'request', peer: alice, requestId: 1, from: 1, to: 3, sizeMax: 1024 * 1024 },
    ]);
    const level = createSyncMachine({ height: height(3) });
    expect(level.step({ type: 'peerStatus', peer: alice, height: height(3) })).toEqual([
      { type: 'caughtUp', height: 3 },
    ]);
  });

  test('a block ahead is left to the own consensus until nothing has come for the grace', () => {
    const machine = createSyncMachine({ height: height(3), limits: { graceTicks: 4 } });
    machine.step({ type: 'peerStatus', peer: alice, height: height(3) });
    tick(machine, 10);
    machine.step({ type: 'imported', height: height(4) });
    expect(machine.step({ type: 'peerStatus', peer: alice, height: height(5) })).toEqual([]);
    expect(tick(machine, 3)).toEqual([]);
    expect(machine.step({ type: 'imported', height: height(5) })).toEqual([{ type: 'caughtUp', height: 5 }].slice(1));
    machine.step({ type: 'peerStatus', peer: alice, height: height(6) });
    expect(tick(machine, 3)).toEqual([]);
    expect(tick(machine, 1).map((effect) => effect.type)).toEqual(['behind', 'request']);
  });

  test('what the own consensus has decided is fetched only when the head stands still for long', () => {
    const machine = createSyncMachine({ height: height(3), limits: { graceTicks: 4 } });
    machine.step({ type: 'peerStatus', peer: alice, height: height(3) });
    machine.step({ type: 'imported', height: height(4) });
    machine.step({ type: 'decided', height: height(6) });
    machine.step({ type: 'peerStatus', peer: alice, height: height(6) });
    expect(tick(machine, 19)).toEqual([]);
    expect(requestsOf(tick(machine, 1)).map(({ from, to }) => [from, to])).toEqual([[5, 6]]);
  });

  test('behind, it fetches only what lies above the decided heights, and is caught up when they reach the target', () => {
    const machine = createSyncMachine({ height: height(3), limits: { graceTicks: 4, nearCountMax: 16 } });
    machine.step({ type: 'decided', height: height(5) });
    const effects = machine.step({ type: 'peerStatus', peer: alice, height: height(9) });
    expect(requestsOf(effects).map(({ from, to }) => [from, to])).toEqual([[6, 9]]);
    expect(machine.step({ type: 'decided', height: height(9) })).toEqual([{ type: 'caughtUp', height: 3 }]);
  });

  test('far behind, it does not wait', () => {
    const machine = createSyncMachine({ height: height(3), limits: { nearCountMax: 16 } });
    machine.step({ type: 'peerStatus', peer: alice, height: height(3) });
    expect(machine.step({ type: 'peerStatus', peer: alice, height: height(20) }).map((each) => each.type)).toEqual([
      'behind',
      'request',
    ]);
  });
});

describe('SYNC-4: whom to ask', () => {
  test('several peers share the heights, none has two requests', () => {
    const machine = createSyncMachine({ height: height(0), limits: { rangeCountMax: 10, aheadCountMax: 100 } });
    const first = machine.step({ type: 'peerStatus', peer: alice, height: height(25) });
    const second = machine.step({ type: 'peerStatus', peer: bob, height: height(25) });
    const third = machine.step({ type: 'peerStatus', peer: carol, height: height(25) });
    expect(requestsOf([...first, ...second, ...third]).map(({ peer, from, to }) => [peer, from, to])).toEqual([
      [alice, 1, 10],
      [bob, 11, 20],
      [carol, 21, 25],
    ]);
  });

  test('SYNC-2: nobody is asked for more than it has', () => {
    const machine = createSyncMachine({ height: height(0), limits: { rangeCountMax: 10 } });
    machine.step({ type: 'peerStatus', peer: alice, height: height(5) });
    const effects = machine.step({ type: 'peerStatus', peer: bob, height: height(7) });
    expect(requestsOf(effects).map(({ peer, from, to }) => [peer, from, to])).toEqual([[bob, 6, 7]]);
  });

  test('SYNC-1: heights ahead and bytes held are bounded, but the next height is always asked for', () => {
    const machine = createSyncMachine({
      height: height(0),
      limits: { rangeCountMax: 4, aheadCountMax: 8, answerSizeMax: 1_000, bufferSizeMax: 2_000 },
    });
    machine.step({ type: 'peerStatus', peer: alice, height: height(100) });
    const effects = machine.step({ type: 'peerStatus', peer: bob, height: height(100) });
    expect(requestsOf(effects).map(({ from, to }) => [from, to])).toEqual([[5, 8]]);
    machine.step({ type: 'blocks', peer: bob, requestId: 2, blocks: blocksFrom(5, 8) });
    expect(machine.progress()).toMatchObject({ bufferedCount: 4, bufferedBytes: 4_000 });
    const retry = machine.step({ type: 'failure', peer: alice, requestId: 1, reason: 'busy' });
    expect(requestsOf(retry).map(({ peer, from, to }) => [peer, from, to])).toEqual([[bob, 1, 4]]);
  });
});

describe('SYNC-5: what an answer may be', () => {
  const cases = [
    { name: 'nothing', blocks: [] },
    { name: 'another height', blocks: blocksFrom(2, 3) },
    { name: 'a gap', blocks: [blockAt(1), blockAt(3)] },
    { name: 'descending', blocks: [blockAt(2), blockAt(1)] },
    { name: 'more than asked for', blocks: blocksFrom(1, 4) },
    { name: 'a broken link', blocks: [blockAt(1), blockAt(2, 1)] },
    { name: 'the certificate of another height', blocks: [{ ...blockAt(1), certificate: blockAt(2).certificate }] },
  ];
  test.each(cases)('$name costs the peer a pause, and the next one is asked', ({ blocks }) => {
    const machine = createSyncMachine({ height: height(0) });
    machine.step({ type: 'peerStatus', peer: alice, height: height(3) });
    machine.step({ type: 'peerStatus', peer: bob, height: height(3) });
    const effects = machine.step({ type: 'blocks', peer: alice, requestId: 1, blocks });
    expect(effects.map((effect) => effect.type)).toEqual(['penalise', 'request']);
    expect(effects[1]).toMatchObject({ peer: bob, from: 1, to: 3 });
    expect(machine.progress().bufferedCount).toBe(0);
  });

  test('fewer than asked for is fine: the rest is asked for again', () => {
    const machine = createSyncMachine({ height: height(0) });
    machine.step({ type: 'peerStatus', peer: alice, height: height(3) });
    const effects = machine.step({ type: 'blocks', peer: alice, requestId: 1, blocks: [blockAt(1)] });
    expect(effects).toMatchObject([
      { type: 'import', peer: alice },
      { type: 'request', from: 2, to: 3 },
    ]);
  });

  test('an answer of somebody else, or to no request, is ignored', () => {
    const machine = createSyncMachine({ height: height(0) });
    machine.step({ type: 'peerStatus', peer: alice, height: height(3) });
    expect(machine.step({ type: 'blocks', peer: bob, requestId: 1, blocks: blocksFrom(1, 3) })).toEqual([]);
    expect(machine.step({ type: 'blocks', peer: alice, requestId: 7, blocks: blocksFrom(1, 3) })).toEqual([]);
    expect(machine.progress().bufferedCount).toBe(0);
  });

  test('who does not have what it announced is believed no more until it says so again', () => {
    const machine = createSyncMachine({ height: height(0), limits: { pauseTicks: 2 } });
    machine.step({ type: 'peerStatus', peer: alice, height: height(9) });
    machine.step({ type: 'peerStatus', peer: bob, height: height(0) });
    expect(machine.step({ type: 'failure', peer: alice, requestId: 1, reason: 'unavailable' })).toEqual([
      { type: 'caughtUp', height: 0 },
    ]);
    expect(tick(machine, 20)).toEqual([]);
  });
});

describe('SYNC-6: failures', () => {
  test('a peer that does not answer is paused, twice as long each time, and blamed as slow', () => {
    const limits = { requestTimeoutTicks: 3, pauseTicks: 2, pauseTicksMax: 8 };
    const machine = createSyncMachine({ height: height(0), limits });
    machine.step({ type: 'peerStatus', peer: alice, height: height(3) });
    const seen: string[] = [];
    for (let at = 1; at <= 30; at++)
      for (const effect of machine.step({ type: 'tick' })) seen.push(`${at} ${effect.type}`);
    expect(seen).toEqual([
      '3 penalise',
      '5 request',
      '8 penalise',
      '12 request',
      '15 penalise',
      '23 request',
      '26 penalise',
    ]);
  });

  test('a wrong block takes with it all that the same peer sent, and the next peer is asked', () => {
    const machine = createSyncMachine({ height: height(0), limits: { rangeCountMax: 2 } });
    machine.step({ type: 'peerStatus', peer: alice, height: height(4) });
    machine.step({ type: 'peerStatus', peer: bob, height: height(4) });
    machine.step({ type: 'blocks', peer: bob, requestId: 2, blocks: blocksFrom(3, 4) });
    const imported = machine.step({ type: 'blocks', peer: alice, requestId: 1, blocks: blocksFrom(1, 2, 1) });
    expect(imported).toMatchObject([{ type: 'import', peer: alice }]);
    const failure = sync.syncFailure('SYNC_WRONG_CERTIFICATE', 'too few signatures');
    const effects = machine.step({ type: 'importFailed', height: height(1), peer: alice, failure, fault: true });
    expect(effects).toMatchObject([
      { type: 'penalise', peer: alice, failure, severity: 'wrong' },
      { type: 'request', peer: bob, from: 1, to: 2 },
    ]);
    expect(machine.progress().bufferedCount).toBe(2);
  });

  test('trouble of this node itself costs nobody anything; the import is tried again', () => {
    const machine = createSyncMachine({ height: height(0), limits: { pauseTicks: 2 } });
    machine.step({ type: 'peerStatus', peer: alice, height: height(1) });
    machine.step({ type: 'blocks', peer: alice, requestId: 1, blocks: [blockAt(1)] });
    const failure = sync.syncFailure('SYNC_RESULT_DIFFERS', 'state root differs');
    expect(machine.step({ type: 'importFailed', height: height(1), peer: alice, failure, fault: false })).toEqual([]);
    expect(tick(machine, 1)).toEqual([]);
    expect(tick(machine, 1)).toMatchObject([{ type: 'import' }]);
  });

  test('what a slow peer has delivered before is kept', () => {
    const limits = { requestTimeoutTicks: 3, rangeCountMax: 2 };
    const machine = createSyncMachine({ height: height(0), limits });
    machine.step({ type: 'peerStatus', peer: alice, height: height(6) });
    machine.step({ type: 'peerStatus', peer: bob, height: height(6) });
    machine.step({ type: 'blocks', peer: bob, requestId: 2, blocks: blocksFrom(3, 4) });
    const penalties = tick(machine, 3).filter((effect) => effect.type === 'penalise');
    expect(penalties).toMatchObject([
      { peer: alice, severity: 'slow' },
      { peer: bob, severity: 'slow' },
    ]);
    expect(machine.progress().bufferedCount).toBe(2);
  });

  test('a peer that goes takes its request with it', () => {
    const machine = createSyncMachine({ height: height(0) });
    machine.step({ type: 'peerStatus', peer: alice, height: height(2) });
    expect(machine.step({ type: 'peerGone', peer: alice })).toEqual([]);
    expect(machine.progress().requestCount).toBe(0);
    expect(machine.step({ type: 'peerStatus', peer: bob, height: height(2) })).toMatchObject([
      { type: 'request', peer: bob },
    ]);
    expect(machine.step({ type: 'blocks', peer: alice, requestId: 1, blocks: blocksFrom(1, 2) })).toEqual([]);
  });
});

describe('SYNC-7: a liar', () => {
  test('does not keep the node behind, and an accident does not hide for good that it is', () => {
    const limits = { requestTimeoutTicks: 2, pauseTicks: 2, pauseTicksMax: 4 };
    const machine = createSyncMachine({ height: height(5), limits });
    machine.step({ type: 'peerStatus', peer: alice, height: height(5) });
    machine.step({ type: 'peerStatus', peer: bob, height: height(1_000_000) });
    expect(machine.progress().behind).toBe(true);
    const effects = tick(machine, 2);
    expect(effects.map((effect) => effect.type)).toEqual(['penalise', 'caughtUp']);
    machine.step({ type: 'peerGone', peer: alice });
    expect(machine.progress().behind).toBe(false);
    expect(tick(machine, 6).map((effect) => effect.type)).toContain('behind');
  });
});

describe('SYNC-8: import', () => {
  test('one at a time, in order, whatever came first', () => {
    const machine = createSyncMachine({ height: height(0), limits: { rangeCountMax: 1 } });
    for (const peer of [alice, bob, carol]) machine.step({ type: 'peerStatus', peer, height: height(3) });
    expect(machine.step({ type: 'blocks', peer: carol, requestId: 3, blocks: [blockAt(3)] })).toEqual([]);
    const first = machine.step({ type: 'blocks', peer: alice, requestId: 1, blocks: [blockAt(1)] });
    expect(first).toMatchObject([{ type: 'import', block: { block: { header: { height: 1 } } } }]);
    expect(machine.step({ type: 'blocks', peer: bob, requestId: 2, blocks: [blockAt(2)] })).toEqual([]);
    expect(machine.step({ type: 'imported', height: height(1) })).toMatchObject([{ type: 'import' }]);
    expect(machine.step({ type: 'imported', height: height(2) })).toMatchObject([{ type: 'import' }]);
    expect(machine.step({ type: 'imported', height: height(3) })).toEqual([{ type: 'caughtUp', height: 3 }]);
  });

  test('what consensus has made final meanwhile is let go', () => {
    const machine = createSyncMachine({ height: height(0) });
    machine.step({ type: 'peerStatus', peer: alice, height: height(4) });
    machine.step({ type: 'blocks', peer: alice, requestId: 1, blocks: blocksFrom(1, 4) });
    expect(machine.step({ type: 'imported', height: height(3) })).toMatchObject([
      { type: 'import', block: { block: { header: { height: 4 } } } },
    ]);
    expect(machine.progress()).toMatchObject({ height: 3, bufferedCount: 1, bufferedBytes: 1_000 });
  });
});
