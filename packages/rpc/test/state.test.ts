/** State, calls, reverts and traces. */
import { bytesToHex, fromHex } from '@hansa/primitives';
import { encodeAbiParameters, encodeErrorResult, type Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import type { CallRequest, RpcBackend, TraceOptions } from '../src/backend.ts';
import { revertReason } from '../src/revert-reason.ts';
import { NOBODY, signed, TOKEN, topicOf } from './kit/chain.ts';
import { startTestServer } from './kit/server.ts';

const TO = `0x${TOKEN}`;
const bytesOf = (hex: Hex): Uint8Array => fromHex(hex.slice(2));

describe('state', () => {
  it('is read at the block that is asked for', async () => {
    const { result } = await startTestServer();
    expect(await result('eth_getBalance', [TO, 'latest'])).toBe('0xff');
    expect(await result('eth_getCode', [TO, 'latest'])).toBe('0x6000');
    expect(await result('eth_getTransactionCount', [TO, 'latest'])).toBe('0x5');
    expect(await result('eth_getTransactionCount', [TO])).toBe('0x5');
    expect(await result('eth_getTransactionCount', [TO, 'pending'])).toBe('0x7');
  });

  it.each(['0x1', '0x01', `0x${topicOf(1)}`])('a slot may be written %s, the answer has 32 bytes', async (slot) => {
    const { result } = await startTestServer();
    expect(await result('eth_getStorageAt', [TO, slot, 'latest'])).toBe(`0x${topicOf(1)}`);
  });

  it('that is pruned is refused with the reason', async () => {
    const { error } = await startTestServer({
      backend: {
        account: async () => ({
          ok: false,
          error: { code: 'LEDGER_STATE_PRUNED', message: 'state of block 1 is not kept', remedy: 'ask an archive' },
        }),
      },
    });
    expect(await error('eth_getBalance', [TO, 'earliest'])).toEqual({
      code: -32001,
      message: 'state of block 1 is not kept',
      data: { code: 'LEDGER_STATE_PRUNED', remedy: 'ask an archive' },
    });
  });

  it('has no proof of EIP-1186, and says what there is instead', async () => {
    const { error } = await startTestServer();
    expect(await error('eth_getProof', [TO, [], 'latest'])).toMatchObject({
      code: -32004,
      data: { code: 'RPC_NOT_SUPPORTED', remedy: expect.stringContaining('hansa_getProof') },
    });
  });
});

describe('calls', () => {
  async function requestOf(params: readonly unknown[]): Promise<CallRequest> {
    const seen: CallRequest[] = [];
    const { result } = await startTestServer({
      backend: {
        call: async (request) => {
          seen.push(request);
          return { ok: true, value: { type: 'success', output: new Uint8Array(0), gasUsed: 1n } };
        },
      },
    });
    expect(await result('eth_call', params)).toBe('0x');
    return seen[0] as CallRequest;
  }
  const nothing: CallRequest = {
    from: NOBODY,
    to: undefined,
    gas: undefined,
    gasPrice: undefined,
    maxFeePerGas: undefined,
    maxPriorityFeePerGas: undefined,
    value: 0n,
    data: new Uint8Array(0),
    accessList: [],
    overrides: [],
  };

  it.each([
    { name: 'nothing', params: [{}], request: {} },
    { name: 'nulls for nothing', params: [{ from: null, to: null, data: null, gas: null }, null], request: {} },
    { name: 'to', params: [{ to: TO }], request: { to: TOKEN } },
    { name: 'data', params: [{ data: '0x0102' }], request: { data: Uint8Array.of(1, 2) } },
    { name: 'input', params: [{ input: '0x0102' }], request: { data: Uint8Array.of(1, 2) } },
    { name: 'both alike', params: [{ input: '0x01', data: '0x01' }], request: { data: Uint8Array.of(1) } },
    {
      name: 'all of a legacy call',
      params: [{ from: TO.toUpperCase().replace('X', 'x'), gas: '0x1', gasPrice: '0x2', value: '0x3', nonce: '0x4' }],
      request: { from: TOKEN, gas: 1n, gasPrice: 2n, value: 3n },
    },
    {
      name: 'fees of EIP-1559, chain and type',
      params: [{ maxFeePerGas: '0x9', maxPriorityFeePerGas: '0x2', chainId: '0x4ee8', type: '0x2' }],
      request: { maxFeePerGas: 9n, maxPriorityFeePerGas: 2n },
    },
    {
      name: 'an access list',
      params: [{ accessList: [{ address: TO, storageKeys: [`0x${topicOf(1)}`] }, { address: TO }] }],
      request: {
        accessList: [
          { address: TOKEN, storageKeys: [topicOf(1)] },
          { address: TOKEN, storageKeys: [] },
        ],
      },
    },
  ])('understand $name', async ({ params, request }) => {
    expect(await requestOf(params)).toEqual({ ...nothing, ...request });
  });

  it('understand overrides of the state', async () => {
    const slot = `0x${topicOf(3)}`;
    const { overrides } = await requestOf([
      { to: TO },
      'latest',
      {
        [TO]: { balance: '0x1', nonce: '0x2', code: '0x60', stateDiff: { [slot]: `0x${topicOf(4)}` } },
        [`0x${NOBODY}`]: { state: {} },
      },
    ]);
    expect(overrides).toEqual([
      {
        address: TOKEN,
        balance: 1n,
        nonce: 2n,
        code: Uint8Array.of(0x60),
        storage: { replace: false, slots: [[topicOf(3), topicOf(4)]] },
      },
      {
        address: NOBODY,
        balance: undefined,
        nonce: undefined,
        code: undefined,
        storage: { replace: true, slots: [] },
      },
    ]);
  });

  it.each([
    { overrides: { [TO]: { state: {}, stateDiff: {} } }, message: /both state and stateDiff/ },
    { overrides: { '0x12': {} }, message: /^override must be an address/ },
    { overrides: { [TO]: 7 }, message: /must be an object/ },
    { overrides: { [TO]: { balance: '7' } }, message: /^balance must be a quantity/ },
  ])('refuse the overrides $overrides', async ({ overrides, message }) => {
    const { error } = await startTestServer();
    expect(await error('eth_call', [{ to: TO }, 'latest', overrides])).toMatchObject({
      code: -32602,
      message: expect.stringMatching(message),
    });
  });

  it('refuse two kinds of price at once, and a tip above the fee', async () => {
    const { error } = await startTestServer();
    expect(await error('eth_call', [{ gasPrice: '0x1', maxFeePerGas: '0x1' }])).toMatchObject({ code: -32602 });
    expect(await error('eth_call', [{ maxFeePerGas: '0x1', maxPriorityFeePerGas: '0x2' }])).toMatchObject({
      message: 'maxFeePerGas (1) < maxPriorityFeePerGas (2)',
    });
  });

  it('that fail in the EVM are told in its words, without data', async () => {
    const failed: RpcBackend['call'] = async () => ({
      ok: true,
      value: { type: 'failed', message: 'gas required exceeds allowance (30000000)', gasUsed: 0n },
    });
    const { error } = await startTestServer({ backend: { call: failed, estimateGas: failed } });
    const refusal = { code: -32000, message: 'gas required exceeds allowance (30000000)' };
    expect(await error('eth_call', [{ to: TO }])).toEqual(refusal);
    expect(await error('eth_estimateGas', [{ to: TO }])).toEqual(refusal);
  });

  it('that the worker refuses are told with its code', async () => {
    const { error } = await startTestServer({
      backend: {
        call: async () => ({ ok: false, error: { code: 'QUERY_BUSY', message: 'too many calls are waiting' } }),
      },
    });
    expect(await error('eth_call', [{ to: TO }])).toEqual({
      code: -32005,
      message: 'too many calls are waiting',
      data: { code: 'QUERY_BUSY' },
    });
  });

  it('make access lists, with the error of the call when it failed', async () => {
    const { result } = await startTestServer();
    const accessList = [{ address: TO, storageKeys: [`0x${topicOf(1)}`] }];
    expect(await result('eth_createAccessList', [{ to: TO }])).toEqual({ accessList, gasUsed: '0x7530' });
    const reverting = await startTestServer({
      backend: {
        createAccessList: async () => ({
          ok: true,
          value: { accessList: [], outcome: { type: 'reverted', output: new Uint8Array(0), gasUsed: 9n } },
        }),
      },
    });
    expect(await reverting.result('eth_createAccessList', [{ to: TO }])).toEqual({
      accessList: [],
      gasUsed: '0x9',
      error: 'execution reverted',
    });
  });
});

describe('reverts', () => {
  const abi = [
    { type: 'error', name: 'Error', inputs: [{ type: 'string', name: 'message' }] },
    { type: 'error', name: 'Panic', inputs: [{ type: 'uint256', name: 'code' }] },
    { type: 'error', name: 'Unpaid', inputs: [{ type: 'address', name: 'by' }] },
  ] as const;
  const panic = (code: bigint): Hex => encodeErrorResult({ abi, errorName: 'Panic', args: [code] });
  const text = (message: string): Hex => encodeErrorResult({ abi, errorName: 'Error', args: [message] });

  it.each([
    { name: 'nothing', output: '0x', message: 'execution reverted' },
    { name: 'Error(string)', output: text('not yours'), message: 'execution reverted: not yours' },
    { name: 'Error(string) of nothing', output: text(''), message: 'execution reverted: ' },
    { name: 'Error(string) in other letters', output: text('未授权'), message: 'execution reverted: 未授权' },
    { name: 'an assertion', output: panic(1n), message: 'execution reverted: assert(false)' },
    { name: 'an overflow', output: panic(0x11n), message: 'execution reverted: arithmetic underflow or overflow' },
    { name: 'a division by zero', output: panic(0x12n), message: 'execution reverted: division or modulo by zero' },
    {
      name: 'a panic of later compilers',
      output: panic(0x99n),
      message: 'execution reverted: unknown panic code: 0x99',
    },
    {
      name: 'a custom error',
      output: encodeErrorResult({ abi, errorName: 'Unpaid', args: [`0x${'11'.repeat(20)}`] }),
      message: 'execution reverted',
    },
  ] as const)('by $name: code 3 with the data that clients decode', async ({ output, message }) => {
    const reverting: RpcBackend['call'] = async () => ({
      ok: true,
      value: { type: 'reverted', output: bytesOf(output), gasUsed: 1n },
    });
    const { error } = await startTestServer({ backend: { call: reverting, estimateGas: reverting } });
    expect(await error('eth_call', [{ to: TO }])).toEqual({ code: 3, message, data: output });
    expect(await error('eth_estimateGas', [{ to: TO }])).toEqual({ code: 3, message, data: output });
  });

  it('with data that only looks like a reason have none, and never fail', () => {
    const good = bytesOf(text('a reason of some length that fills more than one word of the encoding'));
    const word = (value: bigint): Hex => encodeAbiParameters([{ type: 'uint256' }], [value]);
    const withHead = (offset: bigint, size: bigint): Uint8Array =>
      bytesOf(`0x08c379a0${word(offset).slice(2)}${word(size).slice(2)}${'41'.repeat(32)}` as Hex);
    expect(revertReason(withHead(32n, 32n))).toBe('A'.repeat(32));
    for (const [offset, size] of [
      [32n, 33n],
      [33n, 32n],
      [2n ** 255n, 1n],
      [32n, 2n ** 255n],
      [96n, 1n],
      [97n, 0n],
    ] as const) {
      expect(revertReason(withHead(offset, size))).toBeUndefined();
    }
    for (let size = 0; size < good.length; size++) {
      const cut = revertReason(good.subarray(0, size));
      // Padding may be missing, the text itself may not.
      expect(cut === undefined || cut.startsWith('a reason of')).toBe(true);
    }
    expect(revertReason(bytesOf('0x08c379a0'))).toBeUndefined();
    expect(revertReason(withHead(32n, 32n).fill(0xff, 68))).toBeUndefined();
    expect(bytesToHex(good.subarray(0, 4))).toBe('08c379a0');
  });
});

describe('traces', () => {
  it('take the options of go-ethereum', async () => {
    const seen: [unknown, TraceOptions][] = [];
    const { chain, result } = await startTestServer({
      backend: {
        trace: async (location, options) => {
          seen.push([location, options]);
          return { ok: true, value: [{ transactionHash: topicOf(1), trace: { gas: 7 } }] };
        },
      },
    });
    const transaction = signed();
    const { hash } = chain.addBlock([{ transaction }]);
    const options = {
      tracer: 'callTracer',
      tracerConfig: { onlyTopCall: true, withLog: true },
      timeout: '5s',
      reexec: 128,
    };
    expect(await result('debug_traceTransaction', [`0x${transaction.hash}`, options])).toEqual({ gas: 7 });
    const struct = { enableMemory: true, disableStack: true, disableStorage: true, enableReturnData: true };
    const all = [{ txHash: `0x${topicOf(1)}`, result: { gas: 7 } }];
    expect(await result('debug_traceBlockByNumber', ['latest', struct])).toEqual(all);
    expect(
      await result('debug_traceBlockByHash', [
        `0x${hash}`,
        { tracer: 'prestateTracer', tracerConfig: { diffMode: true } },
      ]),
    ).toEqual(all);
    const none = {
      withMemory: false,
      withStack: true,
      withStorage: true,
      withReturnData: false,
      onlyTopCall: false,
      withLog: false,
      diffMode: false,
    };
    expect(seen).toEqual([
      [
        { height: 1, index: 0 },
        { ...none, tracer: 'call', onlyTopCall: true, withLog: true },
      ],
      [
        { height: 1, index: undefined },
        { ...none, tracer: 'struct', withMemory: true, withStack: false, withStorage: false, withReturnData: true },
      ],
      [
        { height: 1, index: undefined },
        { ...none, tracer: 'prestate', diffMode: true },
      ],
    ]);
  });

  it('of what is not committed are refused', async () => {
    const { chain, error } = await startTestServer();
    const waiting = signed();
    chain.admit(waiting);
    expect(await error('debug_traceTransaction', [`0x${waiting.hash}`])).toMatchObject({
      code: -32000,
      message: 'transaction not found',
    });
    expect(await error('debug_traceBlockByNumber', ['0x9'])).toMatchObject({ message: 'block not found' });
    expect(await error('debug_traceBlockByNumber', ['0x0'])).toMatchObject({ message: 'genesis is not traceable' });
    expect(await error('debug_traceBlockByHash', [`0x${topicOf(1)}`])).toMatchObject({ message: 'block not found' });
  });
});

describe('small things', () => {
  it('are answered as clients expect them', async () => {
    const { result } = await startTestServer();
    expect(await result('web3_clientVersion')).toBe('Hansa/v0.1.0/test');
    // Keccak-256 of nothing.
    expect(await result('web3_sha3', ['0x'])).toBe(
      '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    );
    expect(await result('net_version')).toBe('20200');
    expect(await result('net_listening')).toBe(true);
    expect(await result('net_peerCount')).toBe('0x3');
    expect(await result('eth_chainId')).toBe('0x4ee8');
    expect(await result('eth_accounts')).toEqual([]);
    expect(await result('eth_syncing')).toBe(false);
    expect(await result('rpc_modules')).toMatchObject({ eth: '1.0', net: '1.0', web3: '1.0', hansa: '1.0' });
  });

  it('syncing tells how far it is', async () => {
    const { result } = await startTestServer({
      backend: { syncing: () => ({ starting: 1, current: 5, highest: 9 }) as ReturnType<RpcBackend['syncing']> },
    });
    expect(await result('eth_syncing')).toEqual({ startingBlock: '0x1', currentBlock: '0x5', highestBlock: '0x9' });
  });
});
