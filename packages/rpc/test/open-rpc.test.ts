/** The description and the server are one: every method that is described is served, and answers what is described. */

import type { AddressHex } from '@hansa/primitives';
import { COMPONENTS, type JsonSchema, METHODS, openRpcDocument } from '@hansa/rpc-schema';
import { describe, expect, it } from 'vitest';
import type { RpcBackend } from '../src/backend.ts';
import { createMethodMap } from '../src/methods/index.ts';
import { type Executed, signed, TOKEN, topicOf } from './kit/chain.ts';
import { schemaFault } from './kit/json-schema.ts';
import { SOON, startTestServer, type TestServer } from './kit/server.ts';

const CREATED = 'c0'.repeat(20) as AddressHex;
const ENTRY = { address: TOKEN, storageKeys: [topicOf(7)] };
const executed: readonly Executed[] = [
  {
    transaction: signed({ type: 0, nonce: 0n }),
    tip: 10n,
    logs: [{ address: TOKEN, topics: [topicOf(1)], data: Uint8Array.of(255) }],
  },
  { transaction: signed({ type: 1, nonce: 1n, accessList: [ENTRY] }), tip: 10n },
  { transaction: signed({ type: 2, nonce: 2n }), status: 0 },
  { transaction: signed({ type: 2, nonce: 3n, to: undefined }), contractAddress: CREATED },
];
const waiting = [signed({ nonce: 8n }), signed({ type: 0, nonce: 9n })];
const raw = (transaction: { readonly bytes: Uint8Array }): string =>
  `0x${Buffer.from(transaction.bytes).toString('hex')}`;
const TO = `0x${TOKEN}`;

/** A server with every kind of thing in it. */
async function filled(backend: Partial<RpcBackend> = {}): Promise<TestServer> {
  const server = await startTestServer({ backend, limits: { receiptWaitMs: 1 } });
  server.chain.addBlock(executed);
  server.chain.addBlock();
  server.chain.admit(...waiting);
  return server;
}

/** Calls of each method that together show all that it answers. */
function callsOf({ chain }: TestServer): Readonly<Record<string, readonly (readonly unknown[])[]>> {
  const hash = `0x${chain.hashAt(1 as never)}`;
  const committed = executed.map(({ transaction }) => `0x${transaction.hash}`);
  const blocks = [['0x0'], ['0x1'], ['latest'], ['0x9']];
  const states = [[TO], [TO, 'latest'], [TO, hash], [TO, { blockHash: hash }]];
  return {
    web3_sha3: [['0x'], ['0x0102']],
    eth_feeHistory: [
      ['0x2', 'latest'],
      [2, '0x1', [10, 50]],
      ['0x0', 'latest'],
    ],
    eth_getBlockByHash: [[hash], [hash, true], [`0x${topicOf(1)}`, false]],
    eth_getBlockByNumber: [...blocks, ['0x1', true], ['latest', true]],
    eth_getBlockReceipts: [...blocks, [hash]],
    eth_getBlockTransactionCountByHash: [[hash], [`0x${topicOf(1)}`]],
    eth_getBlockTransactionCountByNumber: blocks,
    eth_getUncleCountByBlockHash: [[hash], [`0x${topicOf(1)}`]],
    eth_getUncleCountByBlockNumber: blocks,
    eth_getTransactionByHash: [...committed.map((each) => [each]), ...waiting.map((each) => [`0x${each.hash}`])],
    eth_getTransactionByBlockHashAndIndex: [0, 1, 2, 3, 4].map((index) => [hash, `0x${index}`]),
    eth_getTransactionByBlockNumberAndIndex: [0, 1, 2, 3, 4].map((index) => ['0x1', `0x${index}`]),
    eth_getRawTransactionByHash: [[committed[0]], [`0x${topicOf(1)}`]],
    eth_getTransactionReceipt: [...committed.map((each) => [each]), [`0x${waiting[0]?.hash}`]],
    eth_getLogs: [
      [{ fromBlock: 'earliest' }],
      [{ blockHash: hash }],
      [{ address: [TO], topics: [null, [`0x${topicOf(1)}`]] }],
    ],
    eth_getBalance: states,
    eth_getCode: states,
    eth_getTransactionCount: states,
    eth_getStorageAt: [
      [TO, '0x0'],
      [TO, `0x${topicOf(1)}`, 'latest'],
    ],
    eth_call: [[{ to: TO, input: '0x01' }], [{}, 'latest', { [TO]: { balance: '0x1', state: {} } }]],
    eth_estimateGas: [[{ to: TO, from: TO, value: '0x1', accessList: [] }]],
    eth_createAccessList: [[{ to: TO }]],
    eth_sendRawTransaction: [[raw(signed({ nonce: 77n }))]],
    txpool_contentFrom: [[`0x${waiting[0]?.sender}`], [TO]],
    eth_newFilter: [[{}], [{ address: TO, topics: [] }]],
    debug_traceTransaction: [[committed[0]], [committed[1], { tracer: 'callTracer' }]],
    debug_traceBlockByNumber: [['0x1'], ['0x1', { tracer: 'prestateTracer', tracerConfig: { diffMode: true } }]],
    debug_traceBlockByHash: [[hash]],
    hansa_getHeader: blocks,
    hansa_getCertificate: blocks,
    hansa_getCertifiedBlock: blocks,
    hansa_getTransactionProof: [[committed[2]], [`0x${topicOf(1)}`]],
    hansa_getProof: [[`0x${chain.state.keys[0]?.slice(2)}`]],
    hansa_getProposal: [[1], [99]],
    hansa_getProposals: [[], [2, 1]],
    hansa_getMembershipHistory: [[], [1, 1]],
    hansa_getTransactionStatus: [[committed[0]], [`0x${waiting[0]?.hash}`], [`0x${topicOf(1)}`]],
  };
}

/** Need a connection or an id of their own, or never answer; each has its own test below. */
const APART = new Set([
  'eth_getProof',
  'eth_sendRawTransactionSync',
  'eth_getFilterChanges',
  'eth_getFilterLogs',
  'eth_uninstallFilter',
  'eth_subscribe',
  'eth_unsubscribe',
]);
const schemaOf = (name: string): JsonSchema => METHODS.find((method) => method.name === name)?.result as JsonSchema;

describe('each method answers what is described:', () => {
  it.each(METHODS.map(({ name }) => name).filter((name) => !APART.has(name)))('%s', async (name) => {
    const server = await filled();
    const method = METHODS.find((each) => each.name === name);
    const calls = callsOf(server)[name] ?? [[]];
    for (const params of calls) {
      for (const [index, value] of params.entries()) {
        expect(schemaFault(method?.params[index]?.schema as JsonSchema, value), `parameter ${index}`).toBeUndefined();
      }
      const answer = await server.result(name, params);
      expect(schemaFault(schemaOf(name), answer), JSON.stringify(params)).toBeUndefined();
    }
  });

  it('eth_sendRawTransactionSync', async () => {
    const { chain, result, server } = await filled();
    const transaction = signed({ nonce: 55n });
    const receipt = result('eth_sendRawTransactionSync', [raw(transaction), '0x1388']);
    await expect.poll(() => server.metrics()['rpc_sync_waiters'], SOON).toBe(1);
    chain.addBlock([{ transaction }]);
    expect(schemaFault(schemaOf('eth_sendRawTransactionSync'), await receipt)).toBeUndefined();
  });

  it('filters and subscriptions', async () => {
    const { chain, result, socket } = await filled();
    const logs = await result('eth_newFilter', [{ fromBlock: 'earliest' }]);
    const blocks = await result('eth_newBlockFilter');
    chain.addBlock([{ transaction: signed({ nonce: 55n }), logs: executed[0]?.logs ?? [] }]);
    for (const [name, ...params] of [
      ['eth_getFilterChanges', logs],
      ['eth_getFilterChanges', blocks],
      ['eth_getFilterLogs', logs],
      ['eth_uninstallFilter', logs],
    ] as const) {
      const answer = await result(name, params);
      expect(answer).not.toEqual([]);
      expect(schemaFault(schemaOf(name), answer), name).toBeUndefined();
    }
    const client = await socket();
    const id = await client.result('eth_subscribe', ['newHeads']);
    expect(schemaFault(schemaOf('eth_subscribe'), id)).toBeUndefined();
    chain.addBlock();
    const { params } = await client.next<{ params: { result: unknown } }>();
    expect(schemaFault(COMPONENTS['Header'] as JsonSchema, params.result)).toBeUndefined();
    expect(schemaFault(schemaOf('eth_unsubscribe'), await client.result('eth_unsubscribe', [id]))).toBeUndefined();
  });

  it('hansa_getStatus and eth_syncing of a node that is behind', async () => {
    const { result } = await filled({
      syncing: () => ({ starting: 1, current: 2, highest: 9 }) as ReturnType<RpcBackend['syncing']>,
    });
    for (const name of ['hansa_getStatus', 'eth_syncing']) {
      expect(schemaFault(schemaOf(name), await result(name)), name).toBeUndefined();
    }
  });
});

describe('the document', () => {
  it('is what rpc.discover answers', async () => {
    const { result } = await startTestServer();
    expect(await result('rpc.discover')).toEqual(JSON.parse(JSON.stringify(openRpcDocument('Hansa/v0.1.0/test'))));
  });

  it('names each method once, with a summary, and required parameters before others', () => {
    const names = METHODS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, summary, params } of METHODS) {
      expect(summary.length, name).toBeGreaterThan(3);
      const firstOptional = params.findIndex(({ required }) => !required);
      expect(firstOptional < 0 || params.slice(firstOptional).every(({ required }) => !required), name).toBe(true);
      expect(new Set(params.map((param) => param.name)).size, name).toBe(params.length);
    }
  });

  it('describes exactly what is served', () => {
    expect([...createMethodMap().keys()]).toEqual(METHODS.map(({ name }) => name));
  });

  it('has no reference that leads nowhere, and no component that nobody names', () => {
    const named = new Set<string>();
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, item] of Object.entries(value)) {
        if (key === '$ref') named.add(String(item).replace('#/components/schemas/', ''));
        else visit(item);
      }
    };
    const { methods, components } = openRpcDocument('1');
    visit([methods, components]);
    for (const name of named) expect(COMPONENTS).toHaveProperty(name);
    // Notifications of eth_subscribe, for which OpenRPC has no place.
    expect(Object.keys(COMPONENTS).filter((name) => !named.has(name))).toEqual(['Header']);
  });

  it('takes a hash, a padded slot, a tag and an object for what they are', () => {
    const block = COMPONENTS['BlockReference'] as JsonSchema;
    for (const value of ['latest', '0x1', `0x${'a1'.repeat(32)}`, `0x${topicOf(1)}`, { blockNumber: '0x1' }]) {
      expect(schemaFault(block, value), String(value)).toBeUndefined();
    }
    for (const value of ['lates', '1', 7, null]) expect(schemaFault(block, value), String(value)).toBeDefined();
  });
});
