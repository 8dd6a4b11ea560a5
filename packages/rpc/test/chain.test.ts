/** Blocks, transactions and receipts as clients of Ethereum expect them, and blocks named in all their ways. */
import type { AddressHex } from '@hansa/primitives';
import { type Hex, keccak256, serializeTransaction, toHex, toRlp } from 'viem';
import { describe, expect, it } from 'vitest';
import { createBlockCache } from '../src/block-cache.ts';
import { createTestChain, type Executed, FEE_RECIPIENT, signed, suite, TOKEN, topicOf } from './kit/chain.ts';
import { SOON, startTestServer, type TestServer } from './kit/server.ts';

type Json = Readonly<Record<string, unknown>>;
const CREATED = 'c0'.repeat(20) as AddressHex;
const ENTRY = { address: TOKEN, storageKeys: [topicOf(7)] };
const SIGNATURE = { r: expect.stringMatching(/^0x[1-9a-f]/), s: expect.stringMatching(/^0x[1-9a-f]/) };

const legacy = signed({ type: 0, nonce: 0n, maxFeePerGas: 20n });
const listed = signed({ type: 1, nonce: 1n, maxFeePerGas: 21n, accessList: [ENTRY] });
const dynamic = signed({ type: 2, nonce: 2n, maxFeePerGas: 22n, maxPriorityFeePerGas: 2n });
const creation = signed({ type: 2, nonce: 3n, to: undefined, value: 0n });
const EXECUTED: readonly Executed[] = [
  { transaction: legacy, tip: 10n, logs: [{ address: TOKEN, topics: [topicOf(1)], data: Uint8Array.of(255) }] },
  { transaction: listed, tip: 11n, gasUsed: 30_000n },
  { transaction: dynamic, tip: 2n, status: 0, gasUsed: 40_000n },
  {
    transaction: creation,
    contractAddress: CREATED,
    logs: [{ address: CREATED, topics: [], data: new Uint8Array(0) }],
  },
];

async function started(): Promise<TestServer & { readonly hash: string }> {
  const server = await startTestServer();
  server.chain.addBlock();
  server.chain.addBlock(EXECUTED);
  return { ...server, hash: `0x${server.chain.head().hash}` };
}

/** Keccak-256 of the header as served, computed by other code than ours. */
function hashOfHeader(block: Json): Hex {
  const number = (name: string): Hex => (block[name] === '0x0' ? '0x' : toHex(BigInt(block[name] as string)));
  const bytes = (name: string): Hex => block[name] as Hex;
  return keccak256(
    toRlp([
      bytes('parentHash'),
      bytes('sha3Uncles'),
      bytes('miner'),
      bytes('stateRoot'),
      bytes('transactionsRoot'),
      bytes('receiptsRoot'),
      bytes('logsBloom'),
      number('difficulty'),
      number('number'),
      number('gasLimit'),
      number('gasUsed'),
      number('timestamp'),
      bytes('extraData'),
      bytes('mixHash'),
      bytes('nonce'),
      number('baseFeePerGas'),
    ]),
  );
}

describe('a block', () => {
  it('has the fields of Ethereum’s header, each from ours', async () => {
    const { chain, result, hash } = await started();
    const { header } = chain.head();
    const block = await result<Json>('eth_getBlockByNumber', ['latest', false]);
    expect(block).toEqual({
      number: '0x2',
      hash,
      parentHash: `0x${header.parentHash}`,
      nonce: '0x0000000000000000',
      sha3Uncles: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
      logsBloom: expect.stringMatching(/^0x[0-9a-f]{512}$/),
      transactionsRoot: `0x${header.txRoot}`,
      stateRoot: `0x${header.stateRoot}`,
      receiptsRoot: `0x${header.receiptRoot}`,
      miner: `0x${FEE_RECIPIENT}`,
      difficulty: '0x0',
      totalDifficulty: '0x0',
      extraData: '0x',
      gasLimit: '0x30d40',
      gasUsed: '0x1b580',
      // 1,700,000,003,000 ms
      timestamp: '0x6553f103',
      baseFeePerGas: '0xa',
      mixHash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      size: expect.stringMatching(/^0x[1-9a-f]/),
      uncles: [],
      transactions: EXECUTED.map(({ transaction }) => `0x${transaction.hash}`),
    });
    // No withdrawals and no blob fields: a client that knows them takes the block for one of before.
    expect(Object.keys(block)).not.toContain('withdrawals');
  });

  it('is found by the Keccak hash of its header, too, as clients compute it that do not trust the node', async () => {
    const { result, hash } = await started();
    const block = await result<Json>('eth_getBlockByHash', [hash, false]);
    expect(await result('eth_getBlockByHash', [hashOfHeader(block), false])).toEqual(block);
    expect(hashOfHeader(block)).not.toBe(hash);
  });

  it('has a bloom filter in which each address and topic of its logs is', async () => {
    const { result } = await started();
    const { logsBloom } = await result<{ logsBloom: Hex }>('eth_getBlockByNumber', ['latest', false]);
    // Yellow Paper 4.3.1, bit by bit over the number that the filter is.
    const bits = new Set<number>();
    for (const item of [`0x${TOKEN}`, `0x${topicOf(1)}`, `0x${CREATED}`] as Hex[]) {
      const hash = keccak256(item).slice(2);
      for (const at of [0, 4, 8]) bits.add(Number.parseInt(hash.slice(at, at + 4), 16) % 2048);
    }
    const wanted = [...bits].reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
    expect(BigInt(logsBloom)).toBe(wanted);
  });

  it('with transactions holds them as eth_getTransactionByHash answers them', async () => {
    const { result } = await started();
    const { transactions } = await result<{ transactions: Json[] }>('eth_getBlockByNumber', ['latest', true]);
    for (const [index, { transaction }] of EXECUTED.entries()) {
      expect(transactions[index]).toEqual(await result('eth_getTransactionByHash', [`0x${transaction.hash}`]));
    }
  });

  it('genesis is served, without a parent', async () => {
    const { result } = await started();
    const block = await result<Json>('eth_getBlockByNumber', ['earliest', true]);
    expect(block).toMatchObject({ number: '0x0', parentHash: `0x${'00'.repeat(32)}`, transactions: [] });
    expect(await result('eth_getBlockByHash', [block['hash'], true])).toEqual(block);
    expect(await result('eth_getBlockReceipts', ['0x0'])).toEqual([]);
  });

  it.each(['latest', 'safe', 'finalized', 'pending', '0x2'])('is named by %s', async (name) => {
    const { result, hash } = await started();
    expect(await result('eth_getBlockByNumber', [name, false])).toMatchObject({ hash });
    expect(await result('eth_getBlockTransactionCountByNumber', [name])).toBe('0x4');
    expect(await result('eth_getUncleCountByBlockNumber', [name])).toBe('0x0');
  });

  it('is null when there is none', async () => {
    const { result } = await started();
    const nowhere = `0x${'99'.repeat(32)}`;
    for (const [method, ...params] of [
      ['eth_getBlockByNumber', '0x3', true],
      ['eth_getBlockByHash', nowhere, true],
      ['eth_getBlockReceipts', '0x3'],
      ['eth_getBlockReceipts', nowhere],
      ['eth_getBlockTransactionCountByHash', nowhere],
      ['eth_getBlockTransactionCountByNumber', '0x3'],
      ['eth_getUncleCountByBlockHash', nowhere],
      ['eth_getTransactionByHash', nowhere],
      ['eth_getTransactionReceipt', nowhere],
      ['eth_getRawTransactionByHash', nowhere],
      ['eth_getTransactionByBlockHashAndIndex', nowhere, '0x0'],
      ['eth_getTransactionByBlockNumberAndIndex', '0x2', '0x4'],
      ['eth_getTransactionByBlockNumberAndIndex', '0x3', '0x0'],
    ] as const) {
      expect(await result(method, params), method).toBeNull();
    }
  });

  it('of state is named by tag, number, hash or an object of EIP-1898', async () => {
    const { chain, result, error } = await started();
    const asked: number[] = [];
    const account = chain.account;
    Object.assign(chain, {
      account: (address: AddressHex, height: number) => {
        asked.push(height);
        return account(address, height as never);
      },
    });
    const balance = (block: unknown): Promise<unknown> => result('eth_getBalance', [`0x${TOKEN}`, block]);
    const first = `0x${chain.hashAt(1 as never)}`;
    for (const block of ['0x1', first, { blockNumber: '0x1' }, { blockHash: first, requireCanonical: true }]) {
      await balance(block);
    }
    for (const block of ['latest', 'pending', undefined, null, '', { blockNumber: 'latest' }]) await balance(block);
    expect(asked).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    for (const block of ['0x3', `0x${'99'.repeat(32)}`, { blockNumber: '0x3' }]) {
      expect(await error('eth_getBalance', [`0x${TOKEN}`, block])).toMatchObject({
        code: -32000,
        message: 'header not found',
        data: { code: 'RPC_BLOCK_UNKNOWN' },
      });
    }
  });
});

describe('a transaction', () => {
  const PLACE = { blockNumber: '0x2', blockTimestamp: '0x6553f103', chainId: '0x4ee8' };
  const COMMON = { to: `0x${TOKEN}`, value: '0x5', gas: '0x186a0', input: '0x010203' };

  it.each([
    {
      transaction: legacy,
      json: { type: '0x0', nonce: '0x0', gasPrice: '0x14', transactionIndex: '0x0' },
      absent: ['accessList', 'yParity', 'maxFeePerGas', 'maxPriorityFeePerGas'],
    },
    {
      transaction: listed,
      json: {
        type: '0x1',
        nonce: '0x1',
        gasPrice: '0x15',
        transactionIndex: '0x1',
        accessList: [{ address: `0x${TOKEN}`, storageKeys: [`0x${topicOf(7)}`] }],
      },
      absent: ['maxFeePerGas', 'maxPriorityFeePerGas'],
    },
    {
      transaction: dynamic,
      json: {
        type: '0x2',
        nonce: '0x2',
        // What was paid: base fee 10 and tip 2.
        gasPrice: '0xc',
        maxFeePerGas: '0x16',
        maxPriorityFeePerGas: '0x2',
        transactionIndex: '0x2',
        accessList: [],
      },
      absent: [],
    },
  ])('of type $json.type has the fields of its type', async ({ transaction, json, absent }) => {
    const { result, hash } = await started();
    const served = await result<Json>('eth_getTransactionByHash', [`0x${transaction.hash}`]);
    const parity = `0x${transaction.recovery}`;
    expect(served).toEqual({
      ...PLACE,
      ...COMMON,
      ...SIGNATURE,
      ...json,
      blockHash: hash,
      hash: `0x${transaction.hash}`,
      from: `0x${transaction.sender}`,
      // EIP-155: 35 + 2 · 20200 + parity
      v: transaction.type === 0 ? `0x${(40_435 + transaction.recovery).toString(16)}` : parity,
      ...(transaction.type === 0 ? {} : { yParity: parity }),
    });
    for (const name of absent) expect(served).not.toHaveProperty(name);
  });

  it('can be put together again from what is served: the bytes have its hash', async () => {
    const { result } = await started();
    const served = await result<Record<string, Hex>>('eth_getTransactionByHash', [`0x${dynamic.hash}`]);
    const bytes = serializeTransaction(
      {
        type: 'eip1559',
        chainId: Number(served['chainId']),
        nonce: Number(served['nonce']),
        gas: BigInt(served['gas'] as Hex),
        maxFeePerGas: BigInt(served['maxFeePerGas'] as Hex),
        maxPriorityFeePerGas: BigInt(served['maxPriorityFeePerGas'] as Hex),
        to: served['to'] as Hex,
        value: BigInt(served['value'] as Hex),
        data: served['input'] as Hex,
      },
      { r: served['r'] as Hex, s: served['s'] as Hex, yParity: Number(served['yParity']) },
    );
    expect(keccak256(bytes)).toBe(served['hash']);
    expect(await result('eth_getRawTransactionByHash', [served['hash']])).toBe(bytes);
  });

  it('is found by its place', async () => {
    const { result, hash } = await started();
    const served = await result('eth_getTransactionByHash', [`0x${listed.hash}`]);
    expect(await result('eth_getTransactionByBlockHashAndIndex', [hash, '0x1'])).toEqual(served);
    expect(await result('eth_getTransactionByBlockNumberAndIndex', ['latest', '0x1'])).toEqual(served);
  });

  it('of the pool has no place, and no receipt', async () => {
    const { chain, result } = await started();
    const waiting = signed({ nonce: 9n });
    chain.admit(waiting);
    const served = await result<Json>('eth_getTransactionByHash', [`0x${waiting.hash}`]);
    expect(served).toMatchObject({ blockHash: null, blockNumber: null, transactionIndex: null, gasPrice: '0x14' });
    expect(served).not.toHaveProperty('blockTimestamp');
  });
});

describe('a receipt', () => {
  it('of each kind of transaction has what happened', async () => {
    const { result, hash } = await started();
    const receipts = await result<Json[]>('eth_getBlockReceipts', ['latest']);
    const common = { blockHash: hash, blockNumber: '0x2', from: `0x${legacy.sender}`, to: `0x${TOKEN}` };
    const empty = { logs: [], logsBloom: `0x${'00'.repeat(256)}`, contractAddress: null };
    expect(receipts).toEqual([
      {
        ...common,
        type: '0x0',
        status: '0x1',
        transactionHash: `0x${legacy.hash}`,
        transactionIndex: '0x0',
        gasUsed: '0x5208',
        cumulativeGasUsed: '0x5208',
        effectiveGasPrice: '0x14',
        contractAddress: null,
        logsBloom: expect.stringMatching(/^0x[0-9a-f]{512}$/),
        logs: [
          {
            address: `0x${TOKEN}`,
            topics: [`0x${topicOf(1)}`],
            data: '0xff',
            blockNumber: '0x2',
            blockHash: hash,
            blockTimestamp: '0x6553f103',
            transactionHash: `0x${legacy.hash}`,
            transactionIndex: '0x0',
            logIndex: '0x0',
            removed: false,
          },
        ],
      },
      {
        ...common,
        ...empty,
        type: '0x1',
        status: '0x1',
        transactionHash: `0x${listed.hash}`,
        transactionIndex: '0x1',
        gasUsed: '0x7530',
        cumulativeGasUsed: '0xc738',
        effectiveGasPrice: '0x15',
      },
      {
        ...common,
        ...empty,
        type: '0x2',
        status: '0x0',
        transactionHash: `0x${dynamic.hash}`,
        transactionIndex: '0x2',
        gasUsed: '0x9c40',
        cumulativeGasUsed: '0x16378',
        effectiveGasPrice: '0xc',
      },
      expect.objectContaining({
        type: '0x2',
        to: null,
        contractAddress: `0x${CREATED}`,
        transactionIndex: '0x3',
        logs: [expect.objectContaining({ logIndex: '0x1', transactionIndex: '0x3' })],
      }),
    ]);
    for (const receipt of receipts) {
      expect(await result('eth_getTransactionReceipt', [receipt['transactionHash']])).toEqual(receipt);
    }
  });

  it('of a transaction that is about to be final is waited for, and no longer than that', async () => {
    const { chain, result, server } = await startTestServer({ limits: { receiptWaitMs: 5_000 } });
    const waiting = signed();
    chain.admit(waiting);
    const receipt = result<Json>('eth_getTransactionReceipt', [`0x${waiting.hash}`]);
    await expect.poll(() => server.metrics()['rpc_sync_waiters'], SOON).toBe(1);
    chain.addBlock([{ transaction: waiting }]);
    expect(await receipt).toMatchObject({ blockNumber: '0x1' });
    expect(chain.listenerCount()).toBe(0);
    const short = await startTestServer({ limits: { receiptWaitMs: 20 } });
    short.chain.admit(waiting);
    expect(await short.result('eth_getTransactionReceipt', [`0x${waiting.hash}`])).toBeNull();
  });
});

describe('the cache of blocks', () => {
  const counted = (count: number): { chain: ReturnType<typeof createTestChain>; loads: number[] } => {
    const loads: number[] = [];
    const inner = createTestChain();
    for (let nonce = 0n; nonce < count; nonce++) inner.addBlock([{ transaction: signed({ nonce }) }]);
    const chain = {
      ...inner,
      blockAt: (height: never) => {
        loads.push(height);
        return inner.blockAt(height);
      },
    };
    return { chain, loads };
  };

  it('keeps what was asked for last, by count', () => {
    const { chain, loads } = counted(4);
    const blocks = createBlockCache(chain, { countMax: 2, weightMax: 1_000_000 });
    for (const height of [1, 2, 1, 3, 1, 2]) blocks.get(height as never);
    expect(loads).toEqual([1, 2, 3, 2]);
    expect(blocks.get(9 as never)).toBeUndefined();
  });

  it('and by size: one that is too large is answered, and replaces all others', () => {
    const { chain, loads } = counted(3);
    const blocks = createBlockCache(chain, { countMax: 10, weightMax: 2_500 });
    for (const height of [1, 2, 1, 2, 3, 1]) blocks.get(height as never);
    expect(loads).toEqual([1, 2, 3, 1]);
    const tight = createBlockCache(chain, { countMax: 10, weightMax: 1 });
    expect(tight.get(1 as never)).toBe(tight.get(1 as never));
  });
});

it('mixHash is what contracts read as PREVRANDAO', async () => {
  const { chain, result } = await started();
  const { mixHash } = await result<{ mixHash: string }>('eth_getBlockByNumber', ['latest', false]);
  const { prevRandao } = await import('@hansa/protocol');
  expect(mixHash).toBe(`0x${prevRandao(suite, chain.head().header.parentHash, chain.head().height)}`);
});
