/** The curves of precompiles 0x06 to 0x08, 0x0a and 0x0b to 0x11: in JavaScript, by mcl and on EthereumJS the same. */
import { standardSuite as suite } from '@hansa/crypto';
import { isPairingLibraryMissing } from '@hansa/evm';
import { type AddressHex, bytesToHex, concatBytes, fromHex, type HashHex, toHeight } from '@hansa/primitives';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bn254 } from '@noble/curves/bn254.js';
import { expect, it } from 'vitest';
import { EthereumjsMachine } from '../src/ethereumjs-machine.ts';
import type { MachineOptions } from '../src/machine.ts';
import { preparePairings } from '../src/pairing-modules.ts';
import { StateOverlay } from '../src/state-overlay.ts';
import { WasmMachine } from '../src/wasm-machine.ts';

type Input = { readonly name: string; readonly id: number; readonly data: Uint8Array };
type Coordinates = { readonly x: bigint; readonly y: bigint };
type Coordinates2 = { readonly x: { readonly c0: bigint; readonly c1: bigint }; readonly y: Coordinates2['x'] };

const hex = (value: bigint, size: number): string => value.toString(16).padStart(2 * size, '0');
const bnG1 = ({ x, y }: Coordinates): string => hex(x, 32) + hex(y, 32);
const bnG2 = ({ x, y }: Coordinates2): string => [x.c1, x.c0, y.c1, y.c0].map((number) => hex(number, 32)).join('');
const blsG1 = ({ x, y }: Coordinates): string => hex(x, 64) + hex(y, 64);
const blsG2 = ({ x, y }: Coordinates2): string => [x.c0, x.c1, y.c0, y.c1].map((number) => hex(number, 64)).join('');

const [BN1, BN2] = [bn254.G1.Point.BASE, bn254.G2.Point.BASE];
const [BLS1, BLS2] = [bls12_381.G1.Point.BASE, bls12_381.G2.Point.BASE];
const SCALARS = [1n, 2n, 3n, 0x1234_5678_9abc_def0_1234n, (1n << 128n) - 1n, (1n << 250n) + 12_345n];
const nothing = (size: number): string => '00'.repeat(size);
const bytes = (...parts: readonly string[]): Uint8Array => fromHex(parts.join(''));

/** On the curve of G1 of BLS12-381 and not of the subgroup: y² = x³ + 4 for the first x that has one. */
function strangerOfBls1(): Coordinates {
  const { Fp } = bls12_381.fields;
  for (let x = 4n; ; x++) {
    try {
      const y = Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), 4n));
      if (!new bls12_381.G1.Point(x, y, 1n).isTorsionFree()) return { x, y };
    } catch {
      // There is no such y.
    }
  }
}

/** The same on a twist, whose equation is y² = x³ + b. */
function strangerOf(curve: typeof bn254 | typeof bls12_381): Coordinates2 {
  const { Fp2 } = curve.fields;
  const { b } = curve.G2.Point.CURVE();
  for (let c0 = 1n; ; c0++) {
    const x = Fp2.create({ c0, c1: 1n });
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
      if (!new curve.G2.Point(x, y, Fp2.ONE).isTorsionFree()) return { x, y };
    } catch {
      // There is no such y.
    }
  }
}

function bnInputs(): Input[] {
  const order = bn254.fields.Fr.ORDER;
  const prime = bn254.fields.Fp.ORDER;
  const point = bnG1(BN1.multiply(987_654_321n).toAffine());
  const scalars = [0n, ...SCALARS, order - 1n, order, order + 1n, (1n << 256n) - 1n];
  const pair = (a: bigint, b: bigint): string => bnG1(BN1.multiply(a).toAffine()) + bnG2(BN2.multiply(b).toAffine());
  const pairing = (name: string, ...parts: readonly string[]): Input => ({ name, id: 8, data: bytes(...parts) });
  return [
    ...scalars.map((scalar) => ({ name: `times ${scalar}`, id: 7, data: bytes(point, hex(scalar, 32)) })),
    { name: 'infinity times 5', id: 7, data: bytes(nothing(64), hex(5n, 32)) },
    { name: 'no point', id: 7, data: bytes(hex(1n, 32), hex(3n, 32), hex(5n, 32)) },
    { name: 'a coordinate too large', id: 7, data: bytes(hex(1n + prime, 32), hex(2n, 32), hex(5n, 32)) },
    { name: 'sum', id: 6, data: bytes(point, bnG1(BN1.toAffine())) },
    pairing('e(3, 5) = e(15, 1)', pair(3n, 5n), pair(order - 15n, 1n)),
    pairing('e(3, 5) and not e(14, 1)', pair(3n, 5n), pair(order - 14n, 1n)),
    pairing('one pair', pair(2n, 3n)),
    pairing('first at infinity', nothing(64), bnG2(BN2.toAffine())),
    pairing('second at infinity', point, nothing(128)),
    pairing('eight that cancel out', ...SCALARS.slice(0, 4).flatMap((s) => [pair(s, 7n), pair(order - s, 7n)])),
    pairing('second not of the subgroup', point, bnG2(strangerOf(bn254))),
    pairing('more than are worked on at once', ...Array<string>(65).fill(pair(2n, 3n) + pair(order - 2n, 3n))),
  ];
}

function blsInputs(): Input[] {
  const order = bls12_381.fields.Fr.ORDER;
  const [one, two] = [blsG1(BLS1.multiply(77n).toAffine()), blsG2(BLS2.multiply(78n).toAffine())];
  const scalars = [0n, ...SCALARS, order - 1n, order, order + 1n, (1n << 256n) - 1n];
  const pair = (a: bigint, b: bigint): string =>
    blsG1(BLS1.multiply(a).toAffine()) + blsG2(BLS2.multiply(b).toAffine());
  const input = (name: string, id: number, ...parts: readonly string[]): Input => ({ name, id, data: bytes(...parts) });
  const sum1 = SCALARS.map((s) => blsG1(BLS1.multiply(s).toAffine()) + hex(order - s - 1n, 32));
  const sum2 = SCALARS.map((s) => blsG2(BLS2.multiply(s).toAffine()) + hex(order - s - 1n, 32));
  return [
    ...scalars.flatMap((scalar) => [
      input(`times ${scalar}`, 0x0c, one, hex(scalar, 32)),
      input(`times ${scalar}`, 0x0e, two, hex(scalar, 32)),
    ]),
    input('sum', 0x0b, one, blsG1(BLS1.toAffine())),
    input('sum', 0x0d, two, blsG2(BLS2.toAffine())),
    input('double', 0x0b, one, one),
    input('double', 0x0d, two, two),
    input('sum that is nothing', 0x0b, one, blsG1(BLS1.multiply(77n).negate().toAffine())),
    input('sum that is nothing', 0x0d, two, blsG2(BLS2.multiply(78n).negate().toAffine())),
    input('sum with infinity', 0x0b, one, nothing(128)),
    input('sum with infinity', 0x0d, nothing(256), two),
    input('sum of strangers', 0x0b, blsG1(strangerOfBls1()), one),
    input('double of a stranger', 0x0d, ...Array<string>(2).fill(blsG2(strangerOf(bls12_381)))),
    ...[0n, 1n, 12_345n, bls12_381.fields.Fp.ORDER - 1n, bls12_381.fields.Fp.ORDER].flatMap((u) => [
      input(`map of ${u}`, 0x10, hex(u, 64)),
      input(`map of ${u} and 7`, 0x11, hex(u, 64), hex(7n, 64)),
      input(`map of 7 and ${u}`, 0x11, hex(7n, 64), hex(u, 64)),
    ]),
    ...POINT_PROOFS.map((proof, index) => input(`point proof ${index}`, 0x0a, proof)),
    input('sum of six', 0x0c, ...sum1),
    input('sum of six', 0x0e, ...sum2),
    input('sum that is nothing', 0x0c, one, hex(1n, 32), one, hex(order - 1n, 32)),
    input('sum that is nothing', 0x0e, two, hex(1n, 32), two, hex(order - 1n, 32)),
    input('more than are worked on at once', 0x0c, ...Array<string>(130).fill(sum1[3] as string)),
    input('infinity times 5', 0x0c, nothing(128), hex(5n, 32)),
    input('infinity times 5', 0x0e, nothing(256), hex(5n, 32)),
    input('not of the subgroup', 0x0c, blsG1(strangerOfBls1()), hex(5n, 32)),
    input('not of the subgroup', 0x0e, blsG2(strangerOf(bls12_381)), hex(5n, 32)),
    input('e(3, 5) = e(15, 1)', 0x0f, pair(3n, 5n), pair(order - 15n, 1n)),
    input('e(3, 5) and not e(14, 1)', 0x0f, pair(3n, 5n), pair(order - 14n, 1n)),
    input('first at infinity', 0x0f, nothing(128), two),
    input('second at infinity', 0x0f, one, nothing(256)),
    input('first not of the subgroup', 0x0f, blsG1(strangerOfBls1()), two),
    input('second not of the subgroup', 0x0f, one, blsG2(strangerOf(bls12_381))),
  ];
}

/** A right one of go-ethereum's tests, and what is wrong with commitment or proof, hashes fitted. */
const POINT_PROOFS = ['', '80', 'a0', 'c0', 'e0', '00', '9f', 'bf'].flatMap((first) => {
  const proof =
    '01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a18f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a';
  if (first === '') return [proof];
  const commitment = first + proof.slice(194, 288);
  const hash = bytesToHex(suite.digest(fromHex(commitment)));
  return [
    `01${hash.slice(2)}${proof.slice(64, 192)}${commitment}${proof.slice(288)}`,
    `${proof.slice(0, 288)}${first}${proof.slice(290)}`,
  ];
});

const run = async (createMachine: (options: MachineOptions) => WasmMachine | EthereumjsMachine, input: Input) => {
  const machine = createMachine({
    suite,
    overlay: new StateOverlay({ get: () => undefined }),
    environment: {
      chainId: 20200,
      height: toHeight(1),
      timestamp: 1_700_000_000,
      gasLimit: 30_000_000n,
      baseFee: 0n,
      coinbase: '00'.repeat(20) as AddressHex,
      prevRandao: '00'.repeat(32) as HashHex,
      blockHash: () => undefined,
    },
  });
  const { gasUsed, output, error } = await machine.run({
    caller: '11'.repeat(20) as AddressHex,
    to: input.id.toString(16).padStart(40, '0') as AddressHex,
    value: 0n,
    data: concatBytes(input.data),
    gasLimit: 9_000_000n,
    gasPrice: 0n,
    accessList: [],
    transactionHash: undefined,
  });
  return { input: `${input.id} ${input.name}`, gasUsed, output: bytesToHex(output), isFailed: error !== undefined };
};

it('EXE-22: pairing curves in JavaScript, by mcl and on EthereumJS', async () => {
  const inputs = [...bnInputs(), ...blsInputs()];
  const own = async (): Promise<unknown[]> => {
    const results: unknown[] = [];
    for (const input of inputs) results.push(await run((options) => new WasmMachine(options), input));
    return results;
  };
  const slow = await own();
  // Wanted now, and not before.
  expect(isPairingLibraryMissing()).toBe(true);
  await preparePairings();
  expect(isPairingLibraryMissing()).toBe(false);
  expect(preparePairings()).toBeUndefined();
  expect(await own()).toEqual(slow);
  const other: unknown[] = [];
  for (const input of inputs) other.push(await run((options) => new EthereumjsMachine(options), input));
  expect(other).toEqual(slow);
}, 60_000);
