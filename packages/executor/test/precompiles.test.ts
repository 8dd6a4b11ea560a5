/** No input to a precompiled contract may stop the node: execution answers every transaction (spec EXE: total). */
import { NobleBLS } from '@ethereumjs/evm';
import { ecrecover, publicToAddress } from '@ethereumjs/util';
import { ethereumCrypto, standardSuite as suite } from '@hansa/crypto';
import {
  type AddressHex,
  bigintToBytes,
  bytesToBigint,
  bytesToHex,
  concatBytes,
  fromHex,
  type HashHex,
  toHeight,
} from '@hansa/primitives';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CurveBls } from '../src/bls.ts';
import { EthereumjsMachine } from '../src/ethereumjs-machine.ts';
import type { MachineFactory, MessageResult } from '../src/machine.ts';
import { StateOverlay } from '../src/state-overlay.ts';
import { WasmMachine } from '../src/wasm-machine.ts';

const CALLER = '11'.repeat(20) as AddressHex;
const ZERO = '00'.repeat(20) as AddressHex;
const precompile = (number: number): AddressHex => number.toString(16).padStart(40, '0') as AddressHex;

type Run = (to: AddressHex, data: Uint8Array, gasLimit: bigint) => Promise<MessageResult>;

const run: Run = (...call) => runOn((options) => new EthereumjsMachine(options), ...call);

const machines = (): readonly Run[] => [run, (...call) => runOn((options) => new WasmMachine(options), ...call)];

async function runOn(
  createMachine: MachineFactory,
  to: AddressHex,
  data: Uint8Array,
  gasLimit: bigint,
): Promise<MessageResult> {
  const machine = createMachine({
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
  return machine.run({
    caller: CALLER,
    to,
    value: 0n,
    data,
    gasLimit,
    gasPrice: 0n,
    accessList: [],
    transactionHash: undefined,
  });
}

describe('precompiled contracts', () => {
  describe('EXE-22: 0x0a, on both engines', () => {
    /** Of go-ethereum's tests of this precompile. */
    const good = fromHex(
      '01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b' +
        '564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d36306' +
        '24d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a1' +
        '8f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7' +
        '873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a',
    );
    const changed = (at: number, value: number): Uint8Array => {
      const bytes = good.slice();
      bytes[at] = value;
      return bytes;
    };
    const hashed = (bytes: Uint8Array): Uint8Array => {
      const hash = suite.digest(bytes.subarray(96, 144));
      return concatBytes(Uint8Array.of(1), hash.subarray(1), bytes.subarray(32));
    };
    const infinity = concatBytes(Uint8Array.of(0xc0), new Uint8Array(47));
    const zeroPolynomial = hashed(
      concatBytes(new Uint8Array(32), good.subarray(32, 64), new Uint8Array(32), infinity, infinity),
    );
    const order = fromHex('73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001');

    it.each([
      { name: 'a right proof', data: good },
      { name: 'the polynomial zero', data: zeroPolynomial },
    ])('takes $name', async ({ data }) => {
      for (const machine of machines()) {
        const result = await machine(precompile(0x0a), data, 100_000n);
        expect(result).toMatchObject({ error: undefined, gasUsed: 50_000n });
        expect(bytesToHex(result.output)).toBe(`${(4096).toString(16).padStart(64, '0')}${bytesToHex(order)}`);
      }
    });

    it.each([
      { name: 'nothing', data: new Uint8Array(0) },
      { name: 'a byte too few', data: good.subarray(0, 191) },
      { name: 'a byte too many', data: concatBytes(good, Uint8Array.of(0)) },
      { name: 'zeros', data: new Uint8Array(192) },
      { name: 'another version of the hash', data: changed(0, 2) },
      { name: 'another hash', data: changed(9, 0) },
      { name: 'another point z', data: changed(63, 0x07) },
      { name: 'another value y', data: changed(95, 0xa2) },
      { name: 'z that is no number of the field', data: concatBytes(good.subarray(0, 32), order, good.subarray(64)) },
      { name: 'y that is no number of the field', data: concatBytes(good.subarray(0, 64), order, good.subarray(96)) },
      { name: 'a commitment that is no point', data: hashed(changed(97, 0xff)) },
      { name: 'a proof that is no point', data: changed(150, 0) },
      {
        name: 'the proof of another commitment',
        data: hashed(concatBytes(good.subarray(0, 96), good.subarray(144), good.subarray(144))),
      },
    ])('refuses $name', async ({ data }) => {
      for (const machine of machines()) {
        const result = await machine(precompile(0x0a), data, 100_000n);
        expect(result.error).toBeDefined();
        expect(result.gasUsed).toBe(100_000n);
        expect(result.output).toHaveLength(0);
      }
    });
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

  it('EXE-4: answer any input of any length, with any gas, and never use more gas than given', async () => {
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

  it('0x01 finds the key that EthereumJS finds, for every signature, high s and numbers out of range among them', async () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const number = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
      fc.constantFrom(0n, 1n, order / 2n, order / 2n + 1n, order - 1n, order, order + 1n, 2n ** 256n - 1n),
    );
    const key = new Uint8Array(32).fill(7);
    const signed = number.map((digest) => {
      const { signature, recovery } = ethereumCrypto.signDigest(bigintToBytes(digest, 32), key);
      const s = bytesToBigint(signature.subarray(32));
      return { digest, v: 27n + BigInt(recovery), r: bytesToBigint(signature.subarray(0, 32)), s };
    });
    const high = signed.map(({ v, s, ...rest }) => ({ ...rest, v: 55n - v, s: order - s }));
    const any = fc.record({
      digest: number,
      v: fc.constantFrom(0n, 1n, 26n, 27n, 28n, 29n, 2n ** 255n),
      r: number,
      s: number,
    });
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(signed, high, any), async ({ digest, v, r, s }) => {
        const words = [digest, v, r, s].map((value) => bigintToBytes(value, 32)) as [Uint8Array, ...Uint8Array[]];
        const { output, gasUsed } = await run(precompile(1), concatBytes(...words), 3_000n);
        const expected =
          v === 27n || v === 28n ? recovered(words[0], v, words[2] as Uint8Array, words[3] as Uint8Array) : '';
        expect(bytesToHex(output)).toBe(expected);
        expect(gasUsed).toBe(3_000n);
        if (expected !== '') found++;
      }),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(50);
  });

  it('0x0b and 0x0d add as the library does, points out of the subgroup and off the curve among them', () => {
    const [own, other] = [new CurveBls(), new NobleBLS()];
    const word = (value: bigint): Uint8Array => bigintToBytes(value, 64);
    const { Fp, Fp2 } = bls12_381.fields;
    const g1 = ({ x, y }: { x: bigint; y: bigint }): Uint8Array => concatBytes(word(x), word(y));
    // Any x that is on the curve; almost none of these points is of the subgroup.
    const loose1 = (from: bigint): Uint8Array => {
      for (let x = from; ; x++) {
        const square = Fp.add(Fp.pow(x, 3n), 4n);
        if (Fp.pow(square, (Fp.ORDER - 1n) / 2n) === 1n) return g1({ x, y: Fp.sqrt(square) });
      }
    };
    const multiple = (n: bigint): Uint8Array => g1(bls12_381.G1.Point.BASE.multiplyUnsafe(n).toAffine());
    const g2 = (n: bigint): Uint8Array => {
      const { x, y } = bls12_381.G2.Point.BASE.multiplyUnsafe(n).toAffine();
      return concatBytes(...[x.c0, x.c1, y.c0, y.c1].map(word));
    };
    const loose2 = (from: bigint): Uint8Array => {
      for (let c0 = from; ; c0++) {
        const x = Fp2.create({ c0, c1: 1n });
        try {
          const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), Fp2.create({ c0: 4n, c1: 4n })));
          return concatBytes(...[x.c0, x.c1, y.c0, y.c1].map(word));
        } catch {
          // No root: the next one.
        }
      }
    };
    const order = bls12_381.fields.Fr.ORDER;
    const first = [multiple(1n), multiple(2n), multiple(order - 1n), new Uint8Array(128), loose1(5n), loose1(9n)];
    first.push(g1({ x: 1n, y: 1n }), g1({ x: Fp.ORDER, y: 0n }), g1({ x: 0n, y: Fp.ORDER - 1n }));
    const second = [
      g2(1n),
      g2(3n),
      g2(order - 1n),
      new Uint8Array(256),
      loose2(5n),
      new Uint8Array(256).fill(1, 60, 64),
    ];
    const of = (add: () => Uint8Array): string => {
      try {
        return bytesToHex(add());
      } catch {
        return 'refused';
      }
    };
    const seen = new Set<string>();
    for (const [points, name] of [
      [first, 'addG1'],
      [second, 'addG2'],
    ] as const)
      for (const a of points)
        for (const b of points) {
          const input = concatBytes(a, b);
          const result = of(() => own[name](input));
          expect(result).toBe(of(() => other[name](input)));
          seen.add(result);
        }
    expect(seen.has('refused')).toBe(true);
    expect(seen.size).toBeGreaterThan(25);
  });
});

/** What the library's own code gives. */
function recovered(digest: Uint8Array, v: bigint, r: Uint8Array, s: Uint8Array): string {
  try {
    return bytesToHex(publicToAddress(ecrecover(digest, v, r, s))).padStart(64, '0');
  } catch {
    return '';
  }
}
