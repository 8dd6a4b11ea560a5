/** Logs by query and by filter: what matches, and that a filter that is polled tells each thing once. */
import type { AddressHex, HashHex } from '@hansa/primitives';
import { describe, expect, it, vi } from 'vitest';
import type { RpcBackend } from '../src/backend.ts';
import { createBlockCache } from '../src/block-cache.ts';
import { createChainHub } from '../src/chain-hub.ts';
import { createFilterStore } from '../src/filter-store.ts';
import { toRpcLimits } from '../src/limits.ts';
import { createTestChain, type Executed, signed, type TestChain, TOKEN, topicOf } from './kit/chain.ts';
import { gate, startTestServer } from './kit/server.ts';

const OTHER = 'cd'.repeat(20) as AddressHex;
type LogJson = { readonly blockNumber: string; readonly logIndex: string; readonly topics: readonly string[] };

let nonce = 0n;
const emit = (...logs: readonly [AddressHex, ...HashHex[]][]): Executed => ({
  transaction: signed({ nonce: nonce++ }),
  logs: logs.map(([address, ...topics]) => ({ address, topics, data: Uint8Array.of(1) })),
});
const places = (logs: readonly LogJson[]): string[] =>
  logs.map(({ blockNumber, logIndex }) => `${Number(blockNumber)}:${Number(logIndex)}`);
const [A, B, C] = [topicOf(0xa), topicOf(0xb), topicOf(0xc)] as [HashHex, HashHex, HashHex];
const hex = (text: string): string => `0x${text}`;

/** Block 1: four logs of two transactions; block 2: nothing; block 3: one. */
function fill(chain: TestChain): void {
  chain.addBlock([emit([TOKEN], [TOKEN, A]), emit([OTHER, A, B], [TOKEN, A, B, C])]);
  chain.addBlock();
  chain.addBlock([emit([TOKEN, B])]);
}

describe('eth_getLogs', () => {
  it.each([
    { name: 'everything', filter: {}, found: ['1:0', '1:1', '1:2', '1:3', '3:0'] },
    { name: 'an address', filter: { address: hex(OTHER) }, found: ['1:2'] },
    { name: 'an address in capitals', filter: { address: `0x${OTHER.toUpperCase()}` }, found: ['1:2'] },
    { name: 'addresses', filter: { address: [hex(OTHER), hex(TOKEN)] }, found: ['1:0', '1:1', '1:2', '1:3', '3:0'] },
    { name: 'no address in a list', filter: { address: [] }, found: ['1:0', '1:1', '1:2', '1:3', '3:0'] },
    { name: 'a first topic', filter: { topics: [hex(A)] }, found: ['1:1', '1:2', '1:3'] },
    { name: 'one of two', filter: { topics: [[hex(A), hex(B)]] }, found: ['1:1', '1:2', '1:3', '3:0'] },
    { name: 'any first topic, then one', filter: { topics: [null, hex(B)] }, found: ['1:2', '1:3'] },
    { name: 'any first topic at all', filter: { topics: [null] }, found: ['1:1', '1:2', '1:3', '3:0'] },
    { name: 'an empty list as any', filter: { topics: [[], hex(B)] }, found: ['1:2', '1:3'] },
    { name: 'null in a list as any', filter: { topics: [[null, hex(C)], hex(B)] }, found: ['1:2', '1:3'] },
    { name: 'three topics', filter: { topics: [hex(A), hex(B), hex(C)] }, found: ['1:3'] },
    { name: 'more topics than there are', filter: { topics: [hex(A), hex(B), hex(C), null] }, found: [] },
    { name: 'no topics in a list', filter: { topics: [] }, found: ['1:0', '1:1', '1:2', '1:3', '3:0'] },
    { name: 'both', filter: { address: hex(TOKEN), topics: [hex(A)] }, found: ['1:1', '1:3'] },
    { name: 'one block', filter: { fromBlock: '0x3', toBlock: '0x3' }, found: ['3:0'] },
    { name: 'up to above the head', filter: { fromBlock: '0x2', toBlock: '0x99' }, found: ['3:0'] },
    { name: 'from above the head', filter: { fromBlock: '0x4' }, found: [] },
    { name: 'the head alone', filter: { fromBlock: 'latest' }, found: ['3:0'] },
    { name: 'the head by default', filter: { fromBlock: null }, found: ['3:0'], isHead: true },
  ])('finds $name', async ({ filter, found, ...rest }) => {
    const { chain, result } = await startTestServer();
    fill(chain);
    const all = 'isHead' in rest || 'fromBlock' in filter ? {} : { fromBlock: 'earliest' };
    expect(places(await result<LogJson[]>('eth_getLogs', [{ ...all, ...filter }]))).toEqual(found);
  });

  it('finds those of a block by its hash, ours or Ethereum’s', async () => {
    const { chain, result, error } = await startTestServer();
    fill(chain);
    expect(places(await result('eth_getLogs', [{ blockHash: hex(chain.hashAt(1 as never) as string) }]))).toHaveLength(
      4,
    );
    expect(await error('eth_getLogs', [{ blockHash: hex('99'.repeat(32)) }])).toMatchObject({
      code: -32000,
      message: 'unknown block',
    });
    expect(await error('eth_getLogs', [{ blockHash: hex('99'.repeat(32)), fromBlock: '0x1' }])).toMatchObject({
      code: -32602,
    });
  });

  it('refuses a range that ends before it begins', async () => {
    const { chain, error } = await startTestServer();
    fill(chain);
    expect(await error('eth_getLogs', [{ fromBlock: '0x2', toBlock: '0x1' }])).toMatchObject({
      code: -32602,
      message: 'invalid block range: fromBlock 2 is above toBlock 1',
    });
  });

  it('answers a log with all its fields', async () => {
    const { chain, result } = await startTestServer();
    fill(chain);
    const block = chain.blockAt(1 as never);
    const logs = await result<unknown[]>('eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x1' }]);
    expect(logs[3]).toEqual({
      address: hex(TOKEN),
      topics: [hex(A), hex(B), hex(C)],
      data: '0x01',
      blockNumber: '0x1',
      blockHash: hex(block?.hash as string),
      blockTimestamp: '0x6553f101',
      transactionHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      transactionIndex: '0x1',
      logIndex: '0x3',
      removed: false,
    });
  });

  it('answers one block whole, also with more logs than a query may find', async () => {
    const { chain, result, error } = await startTestServer({ limits: { logCountMax: 2 } });
    fill(chain);
    expect(places(await result('eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x1', topics: [hex(A)] }]))).toEqual([
      '1:1',
      '1:2',
      '1:3',
    ]);
    expect(await error('eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x2', topics: [hex(A)] }])).toMatchObject({
      code: -32005,
    });
  });
});

describe('a filter of logs', () => {
  it('tells what is new since it was made, each log once; eth_getFilterLogs tells all', async () => {
    const { chain, result } = await startTestServer();
    fill(chain);
    const id = await result('eth_newFilter', [{ fromBlock: '0x1', topics: [hex(B)] }]);
    const changes = async (): Promise<string[]> => places(await result('eth_getFilterChanges', [id]));
    expect(await changes()).toEqual([]);
    chain.addBlock([emit([TOKEN, B], [TOKEN, A])]);
    chain.addBlock([emit([OTHER, B])]);
    expect(await changes()).toEqual(['4:0', '5:0']);
    expect(await changes()).toEqual([]);
    expect(places(await result('eth_getFilterLogs', [id]))).toEqual(['3:0', '4:0', '5:0']);
    expect(await result('eth_uninstallFilter', [id])).toBe(true);
    expect(await result('eth_uninstallFilter', [id])).toBe(false);
  });

  it('may begin and end above the head', async () => {
    const { chain, result } = await startTestServer();
    const id = await result('eth_newFilter', [{ fromBlock: '0x2', toBlock: '0x3' }]);
    for (let i = 0; i < 5; i++) chain.addBlock([emit([TOKEN])]);
    expect(places(await result('eth_getFilterChanges', [id]))).toEqual(['2:0', '3:0']);
    expect(await result('eth_getFilterChanges', [id])).toEqual([]);
    expect(places(await result('eth_getFilterLogs', [id]))).toEqual(['2:0', '3:0']);
  });

  it('loses and repeats nothing while blocks come during polls, and when several poll at a time', async () => {
    const chains: TestChain[] = [];
    const { chain, result } = await startTestServer({
      backend: {
        logs: async (query) => {
          const [within] = chains;
          // So long that the other polls have come, too.
          for (let i = 0; i < 30; i++) await new Promise((resolve) => setImmediate(resolve));
          const found = await (createReader(within as TestChain) as RpcBackend['logs'])(query);
          // A block comes after the ledger was read and before the answer is written.
          if ((within?.head().height ?? 0) < 40) within?.addBlock([emit([TOKEN])]);
          return found;
        },
      },
    });
    chains.push(chain);
    const id = await result('eth_newFilter', [{}]);
    const seen: string[] = [];
    chain.addBlock([emit([TOKEN])]);
    while (seen.length < 40) {
      const polls = [1, 2, 3].map(async () => places(await result('eth_getFilterChanges', [id])));
      seen.push(...(await Promise.all(polls)).flat());
    }
    expect(seen.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))).toEqual(
      Array.from({ length: 40 }, (_, i) => `${i + 1}:0`),
    );
  });

  it('that was not polled for long catches up in parts, over the limits of a query', async () => {
    const { chain, result } = await startTestServer({ limits: { logRangeMax: 8, logCountMax: 3 } });
    const id = await result('eth_newFilter', [{}]);
    for (let i = 0; i < 10; i++) chain.addBlock([emit([TOKEN])]);
    chain.addBlock([emit([TOKEN], [TOKEN], [TOKEN], [TOKEN], [TOKEN])]);
    const seen: string[] = [];
    let part: string[];
    do {
      part = places(await result('eth_getFilterChanges', [id]));
      seen.push(...part);
    } while (part.length > 0);
    expect(seen).toEqual([
      ...Array.from({ length: 10 }, (_, i) => `${i + 1}:0`),
      ...Array.from({ length: 5 }, (_, i) => `11:${i}`),
    ]);
  });

  it('keeps what a poll could not answer for the next one', async () => {
    const held = gate();
    let isFirst = true;
    const chains: TestChain[] = [];
    const { chain, result, error } = await startTestServer({
      limits: { callTimeoutMs: 60 },
      backend: {
        logs: async (query) => {
          if (isFirst) {
            isFirst = false;
            await held.promise;
          }
          return (createReader(chains[0] as TestChain) as RpcBackend['logs'])(query);
        },
      },
    });
    chains.push(chain);
    const id = await result('eth_newFilter', [{}]);
    chain.addBlock([emit([TOKEN])]);
    expect(await error('eth_getFilterChanges', [id])).toMatchObject({ code: -32002 });
    held.open();
    expect(places(await result('eth_getFilterChanges', [id]))).toEqual(['1:0']);
  });

  it.each([
    { filter: { blockHash: hex('11'.repeat(32)) }, message: /no blockHash/ },
    { filter: { fromBlock: '0x5', toBlock: '0x4' }, message: /invalid block range/ },
    { filter: 7, message: /must be an object/ },
  ])('refuses $filter', async ({ filter, message }) => {
    const { error } = await startTestServer();
    expect(await error('eth_newFilter', [filter])).toMatchObject({
      code: -32602,
      message: expect.stringMatching(message),
    });
  });
});

describe('filters of blocks and of pending transactions', () => {
  it('tell each hash once', async () => {
    const { chain, result, error } = await startTestServer();
    chain.addBlock();
    const blocks = await result('eth_newBlockFilter');
    const pending = await result('eth_newPendingTransactionFilter');
    chain.addBlock();
    chain.addBlock();
    const [first, second] = [signed({ nonce: 1n }), signed({ nonce: 2n })];
    chain.admit(first, second);
    expect(await result('eth_getFilterChanges', [blocks])).toEqual(
      [2, 3].map((at) => hex(chain.hashAt(at as never) as string)),
    );
    expect(await result('eth_getFilterChanges', [blocks])).toEqual([]);
    expect(await result('eth_getFilterChanges', [pending])).toEqual([hex(first.hash), hex(second.hash)]);
    expect(await result('eth_getFilterChanges', [pending])).toEqual([]);
    expect(await error('eth_getFilterLogs', [blocks])).toMatchObject({ code: -32000 });
  });

  it('of many blocks are told in parts', async () => {
    const { chain, result } = await startTestServer();
    const id = await result('eth_newBlockFilter');
    for (let i = 0; i < 2_001; i++) chain.addBlock();
    expect(await result('eth_getFilterChanges', [id])).toHaveLength(2_000);
    expect(await result('eth_getFilterChanges', [id])).toHaveLength(1);
  });

  it('listen to the pool only while somebody wants to know, and keep so many hashes', async () => {
    const { chain, result } = await startTestServer({ limits: { filterPendingMax: 2 } });
    expect(chain.listenerCount()).toBe(0);
    const ids = [await result('eth_newPendingTransactionFilter'), await result('eth_newPendingTransactionFilter')];
    expect(chain.listenerCount()).toBe(1);
    chain.admit(...[1n, 2n, 3n].map((each) => signed({ nonce: each })));
    expect(await result('eth_getFilterChanges', [ids[0]])).toHaveLength(2);
    for (const id of ids) await result('eth_uninstallFilter', [id]);
    expect(chain.listenerCount()).toBe(0);
  });
});

describe('ids of filters', () => {
  it('are not to be guessed, and unknown ones are refused in the words that clients know', async () => {
    const { result, error } = await startTestServer();
    const ids = new Set<unknown>();
    for (let i = 0; i < 20; i++) ids.add(await result('eth_newBlockFilter'));
    expect(ids.size).toBe(20);
    for (const id of ids) expect(id).toMatch(/^0x1[0-9a-f]{30}$/);
    expect(await error('eth_getFilterChanges', ['0x1'])).toEqual({
      code: -32000,
      message: 'filter not found',
      data: { code: 'RPC_FILTER_UNKNOWN', remedy: expect.any(String) },
    });
    expect(await error('eth_getFilterChanges', [7])).toMatchObject({ code: -32602 });
    expect(await error('eth_getFilterLogs', ['0x1'])).toMatchObject({ message: 'filter not found' });
  });

  it('end when nobody polls them for filterIdleMs, by the clock that is given', () => {
    const backend = createTestChain();
    const now = vi.fn(() => 0);
    const hub = createChainHub(backend, createBlockCache(backend), () => undefined);
    const filters = createFilterStore({ backend, hub, now }, toRpcLimits({ filterIdleMs: 1_000 }));
    const [idle, polled] = [filters.addPending(), filters.addBlocks()];
    now.mockReturnValue(900);
    filters.get(polled);
    now.mockReturnValue(1_000);
    expect(filters.get(idle).type).toBe('pending');
    now.mockReturnValue(1_901);
    expect(() => filters.get(polled)).toThrow('filter not found');
    expect(filters.count()).toBe(1);
    // The pool alone wakes the store when nobody asks: what is idle does not collect hashes for ever.
    now.mockReturnValue(2_001);
    backend.admit(signed());
    expect(filters.count()).toBe(0);
    expect(backend.listenerCount()).toBe(0);
  });
});

/** Reads logs of a chain whose own method was replaced. */
function createReader(chain: TestChain): RpcBackend['logs'] {
  return async ({ fromHeight, toHeight }) => ({
    ok: true,
    value: Array.from({ length: toHeight - fromHeight + 1 }, (_, i) =>
      chain.blockAt((fromHeight + i) as never),
    ).flatMap((block) =>
      block === undefined
        ? []
        : (chain.receiptsAt(block.height) ?? []).flatMap(({ logs, transactionHash, index }) =>
            logs.map((log, logIndex) => ({
              ...log,
              height: block.height,
              blockHash: block.hash,
              timestamp: block.header.timestamp,
              transactionHash,
              transactionIndex: index,
              logIndex,
            })),
          ),
    ),
  });
}
