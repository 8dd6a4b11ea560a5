/** No input to a precompiled contract may stop the node: execution answers every transaction (spec EXE: total). */
import { standardSuite as suite } from '@hansa/crypto';
import { type AddressHex, type HashHex, toHeight } from '@hansa/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvmMachine, type MessageResult } from '../src/evm.ts';
import { StateOverlay } from '../src/state-overlay.ts';

const CALLER = '11'.repeat(20) as AddressHex;
const ZERO = '00'.repeat(20) as AddressHex;
const precompile = (number: number): AddressHex => number.toString(16).padStart(40, '0') as AddressHex;

function run(to: AddressHex, data: Uint8Array, gasLimit: bigint): Promise<MessageResult> {
  const machine = new EvmMachine({
    suite,
    environment: {
      chainId: 20200,
      height: toHeight(1),
      timestamp: 1_700_000_000,
      gasLimit: 30_000_000n,
      baseFee: 0n,
      coinbase: ZERO,
      prevRandao: '00'.repeat(32) as HashHex,
      blockHash: () => undefined,
    },
    overlay: new StateOverlay({ get: () => undefined }),
  });
  return machine.run({ caller: CALLER, to, value: 0n, data, gasLimit, gasPrice: 0n, accessList: [] });
}

describe('precompiled contracts', () => {
  it('0x0a refuses every proof, since there are no blobs here: it neither throws nor seems to accept', async () => {
    for (const size of [0, 1, 192]) {
      const result = await run(precompile(0x0a), new Uint8Array(size), 100_000n);
      expect(result).toMatchObject({ error: 'kzg proof invalid', gasUsed: 100_000n });
      expect(result.output).toHaveLength(0);
    }
  });

  it.each([
    { name: 'an exponent of 2 GiB and nothing else', lengths: [0, 0x7fff_ffff, 0] },
    { name: 'an exponent of 2 GiB for one byte', lengths: [0, 0x7fff_ffff, 1] },
    { name: 'a modulus of 2 GiB', lengths: [0, 0, 0x7fff_ffff] },
    { name: 'a base of 2 GiB', lengths: [0x7fff_ffff, 0, 1] },
    { name: 'lengths above all numbers', lengths: [0xffff_ffff, 0xffff_ffff, 0xffff_ffff] },
  ])('0x05: $name costs gas, not memory', async ({ lengths }) => {
    const data = new Uint8Array(96);
    const view = new DataView(data.buffer);
    lengths.forEach((length, index) => {
      view.setUint32(32 * index + 28, length);
    });
    const before = process.memoryUsage().arrayBuffers;
    const result = await run(precompile(5), data, 16_777_216n);
    expect(result.gasUsed).toBeLessThanOrEqual(16_777_216n);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('answer any input of any length, with any gas, and never use more gas than given', async () => {
    const lengths = [0, 1, 31, 32, 63, 64, 96, 127, 128, 159, 160, 192, 213, 256, 288, 384, 512];
    const inputs = fc.record({
      number: fc.integer({ min: 1, max: 0x12 }),
      data: fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        // Right lengths with mostly zeros get further than chance does.
        fc
          .tuple(fc.constantFrom(...lengths), fc.array(fc.tuple(fc.nat(511), fc.nat(255)), { maxLength: 6 }))
          .map(([length, bytes]) => {
            const data = new Uint8Array(length);
            for (const [at, byte] of bytes) if (at < length) data[at] = byte;
            return data;
          }),
      ),
      gasLimit: fc.constantFrom(0n, 100n, 3_000n, 50_000n, 400_000n),
    });
    await fc.assert(
      fc.asyncProperty(inputs, async ({ number, data, gasLimit }) => {
        const result = await run(precompile(number), data, gasLimit);
        expect(result.gasUsed).toBeLessThanOrEqual(gasLimit);
      }),
      { numRuns: 400 },
    );
  });
});
