import { describe, expect, test } from 'vitest';
import { ServeBudgets, type StoredBlock, serveBlocks } from '../src/index.ts';
import { height, nodeId } from './kit.ts';

const KIB = 1024;
const peer = nodeId(1);

function reader(headHeight: number, bodySize: number, missing: readonly number[] = []) {
  const reads: number[] = [];
  const block = (at: number): StoredBlock | undefined => {
    reads.push(at);
    if (missing.includes(at)) return undefined;
    return { header: new Uint8Array(100).fill(at), body: new Uint8Array(bodySize), certificate: new Uint8Array(200) };
  };
  return { height: () => height(headHeight), block, reads };
}

const range = (from: number, to: number) => ({ from: height(from), to: height(to) });

describe('SYNC-11: what is served', () => {
  test('the requested range, as far as there are blocks', async () => {
    const answer = await serveBlocks(range(3, 9), reader(5, 10), { peer, budgets: new ServeBudgets() });
    expect(answer).toMatchObject({ type: 'blocks', sizeBytes: 930 });
    expect(answer.type === 'blocks' ? answer.blocks.map((block) => block.header[0]) : []).toEqual([3, 4, 5]);
  });

  test('within the size of an answer, the first block whatever its size; nothing is read beyond', async () => {
    const source = reader(50, 300 * KIB);
    const answer = await serveBlocks(range(1, 50), source, { peer, budgets: new ServeBudgets() });
    expect(answer.type === 'blocks' ? answer.blocks.length : 0).toBe(3);
    expect(source.reads).toEqual([1, 2, 3, 4]);
    const large = await serveBlocks(range(1, 50), reader(50, 3_000 * KIB), { peer, budgets: new ServeBudgets() });
    expect(large.type === 'blocks' ? large.blocks.length : 0).toBe(1);
  });

  test('at most 128 blocks', async () => {
    const answer = await serveBlocks(range(1, 1_000_000), reader(1_000, 1), { peer, budgets: new ServeBudgets() });
    expect(answer.type === 'blocks' ? answer.blocks.length : 0).toBe(128);
  });

  test.each([
    { name: 'above the head', request: range(6, 7) },
    { name: 'genesis, which everybody has', request: range(0, 3) },
    { name: 'an empty range', request: range(4, 3) },
    { name: 'a block that is not there', request: range(2, 3) },
  ])('nothing for $name', async ({ request }) => {
    const answer = await serveBlocks(request, reader(5, 10, [2]), { peer, budgets: new ServeBudgets() });
    expect(answer).toEqual({ type: 'unavailable' });
  });

  test('a peer that has had its share waits, another does not', async () => {
    const budgets = new ServeBudgets({ bytesPerTick: 500, bytesMax: 1_000, peerCountMax: 2 });
    const serve = (to: typeof peer) => serveBlocks(range(1, 1), reader(5, 700), { peer: to, budgets });
    expect((await serve(peer)).type).toBe('blocks');
    expect(await serve(peer)).toEqual({ type: 'busy' });
    expect((await serve(nodeId(2))).type).toBe('blocks');
    expect(await serve(nodeId(3))).toEqual({ type: 'busy' });
    budgets.tick();
    expect((await serve(peer)).type).toBe('blocks');
    budgets.tick();
    budgets.tick();
    expect((await serve(nodeId(3))).type).toBe('blocks');
  });
});
