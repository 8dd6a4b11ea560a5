/** Fees of past blocks against values that were worked out by hand. */
import { describe, expect, it } from 'vitest';
import { type Executed, signed } from './kit/chain.ts';
import { startTestServer } from './kit/server.ts';

describe('eth_feeHistory', () => {
  const block = (first: bigint, ...paid: readonly (readonly [gasUsed: bigint, tip: bigint])[]): Executed[] =>
    paid.map(([gasUsed, tip], i) => ({ transaction: signed({ nonce: first + BigInt(i) }), gasUsed, tip }));

  async function started(): ReturnType<typeof startTestServer> {
    const server = await startTestServer();
    server.chain.addBlock(block(0n, [50_000n, 7n], [25_000n, 1n], [25_000n, 3n]));
    server.chain.addBlock();
    server.chain.addBlock(block(3n, [20_000n, 5n]));
    return server;
  }

  it('is what it comes to by hand', async () => {
    const { result } = await started();
    // Gas limit 200,000. Block 1 by tip: 25,000 at 1, 25,000 at 3, 50,000 at 7.
    expect(await result('eth_feeHistory', ['0x3', 'latest', [0, 25, 26, 50, 51, 100]])).toEqual({
      oldestBlock: '0x1',
      baseFeePerGas: ['0xa', '0xa', '0xa', '0xa'],
      gasUsedRatio: [0.5, 0, 0.1],
      reward: [
        ['0x1', '0x1', '0x3', '0x3', '0x7', '0x7'],
        ['0x0', '0x0', '0x0', '0x0', '0x0', '0x0'],
        ['0x5', '0x5', '0x5', '0x5', '0x5', '0x5'],
      ],
    });
  });

  it.each([
    { params: ['0x1', 'latest'], oldestBlock: '0x3', gasUsedRatio: [0.1] },
    { params: [1, 'pending'], oldestBlock: '0x3', gasUsedRatio: [0.1] },
    { params: ['0x2', '0x1'], oldestBlock: '0x0', gasUsedRatio: [0, 0.5] },
    { params: ['0x64', 'latest'], oldestBlock: '0x0', gasUsedRatio: [0, 0.5, 0, 0.1] },
    { params: ['0x1', 'earliest'], oldestBlock: '0x0', gasUsedRatio: [0] },
  ])('$params begins at $oldestBlock', async ({ params, oldestBlock, gasUsedRatio }) => {
    const { result } = await started();
    const baseFeePerGas = [...gasUsedRatio.map(() => '0xa'), '0xa'];
    expect(await result('eth_feeHistory', params)).toEqual({ oldestBlock, gasUsedRatio, baseFeePerGas });
  });

  it('of no blocks is empty, of blocks above the head is refused', async () => {
    const { result, error } = await started();
    expect(await result('eth_feeHistory', ['0x0', 'latest', [50]])).toEqual({
      oldestBlock: '0x0',
      baseFeePerGas: [],
      gasUsedRatio: [],
    });
    expect(await error('eth_feeHistory', ['0x1', '0x4'])).toMatchObject({
      code: -32000,
      message: 'request beyond head block: requested 4, head 3',
    });
    expect(await error('eth_feeHistory', ['0x1', 'latest', Array(101).fill(1)])).toMatchObject({ code: -32602 });
  });

  it('prices are the least that a transaction needs, and no tip is needed', async () => {
    const { result } = await started();
    expect(await result('eth_gasPrice')).toBe('0xa');
    expect(await result('eth_maxPriorityFeePerGas')).toBe('0x0');
  });
});
