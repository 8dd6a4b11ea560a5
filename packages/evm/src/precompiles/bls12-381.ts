import { bigintToBytes, bytesToBigint } from '@hansa/primitives';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { type AffineG1, type AffineG2, type Pair, pairingLibrary } from './mcl.ts';
import { G1_DISCOUNTS, G2_DISCOUNTS } from './msm-discounts.ts';
import { NOTHING, type Precompile } from './types.ts';

const { Fp, Fp2, Fr, Fp12 } = bls12_381.fields;
const G1 = bls12_381.G1.Point;
const G2 = bls12_381.G2.Point;
type G1Point = InstanceType<typeof bls12_381.G1.Point>;
type G2Point = InstanceType<typeof bls12_381.G2.Point>;

/** What the library has; its declarations of these two name other types. */
const mapToG1 = bls12_381.G1.mapToCurve as unknown as (u: bigint) => G1Point;
const mapToG2 = bls12_381.G2.mapToCurve as unknown as (u: readonly bigint[]) => G2Point;

const CURVE = 'bls12-381';
/** EIP-2537: a number has 64 bytes, the first 16 of them zero. */
const NUMBER_SIZE = 64;
const G1_SIZE = 2 * NUMBER_SIZE;
const G2_SIZE = 4 * NUMBER_SIZE;
const SCALAR_SIZE = 32;
const PAIR_SIZE = G1_SIZE + G2_SIZE;
const ADD_G1_GAS = 375n;
const ADD_G2_GAS = 600n;
const MULTIPLY_G1_GAS = 12_000n;
const MULTIPLY_G2_GAS = 22_500n;
const PAIRING_GAS = 37_700n;
const PAIR_GAS = 32_600n;
const MAP_G1_GAS = 5_500n;
const MAP_G2_GAS = 23_800n;

/** 0x0b. Takes points of the curve that are not of the subgroup, as does 0x0d. */
export const addBls1: Precompile = (data, gas) => {
  if (gas < ADD_G1_GAS) return { gasUsed: ADD_G1_GAS, output: NOTHING };
  if (data.length !== 2 * G1_SIZE) return undefined;
  const a = decodeG1(data.subarray(0, G1_SIZE));
  const b = decodeG1(data.subarray(G1_SIZE));
  return a === undefined || b === undefined ? undefined : { gasUsed: ADD_G1_GAS, output: encodeG1(add1(a, b)) };
};

/** 0x0d. */
export const addBls2: Precompile = (data, gas) => {
  if (gas < ADD_G2_GAS) return { gasUsed: ADD_G2_GAS, output: NOTHING };
  if (data.length !== 2 * G2_SIZE) return undefined;
  const a = decodeG2(data.subarray(0, G2_SIZE));
  const b = decodeG2(data.subarray(G2_SIZE));
  return a === undefined || b === undefined ? undefined : { gasUsed: ADD_G2_GAS, output: encodeG2(add2(a, b)) };
};

/** 0x0c: sum of points times scalars. */
export const multiplyBls1: Precompile = (data, gas) => {
  const size = G1_SIZE + SCALAR_SIZE;
  const gasUsed = sumGas(Math.floor(data.length / size), MULTIPLY_G1_GAS, G1_DISCOUNTS);
  if (data.length > 0 && gas < gasUsed) return { gasUsed, output: NOTHING };
  if (data.length === 0 || data.length % size !== 0) return undefined;
  const points: G1Point[] = [];
  const scalars: bigint[] = [];
  for (let at = 0; at < data.length; at += size) {
    const point = decodeG1(data.subarray(at, at + G1_SIZE));
    if (point === undefined || !isOfSubgroup1(point)) return undefined;
    const scalar = Fr.create(bytesToBigint(data.subarray(at + G1_SIZE, at + size)));
    if (scalar === 0n || point.is0()) continue;
    points.push(point);
    scalars.push(scalar);
  }
  return { gasUsed, output: encodeG1(sumOfProducts1(points, scalars)) };
};

/** 0x0e. */
export const multiplyBls2: Precompile = (data, gas) => {
  const size = G2_SIZE + SCALAR_SIZE;
  const gasUsed = sumGas(Math.floor(data.length / size), MULTIPLY_G2_GAS, G2_DISCOUNTS);
  if (data.length > 0 && gas < gasUsed) return { gasUsed, output: NOTHING };
  if (data.length === 0 || data.length % size !== 0) return undefined;
  const points: G2Point[] = [];
  const scalars: bigint[] = [];
  for (let at = 0; at < data.length; at += size) {
    const point = decodeG2(data.subarray(at, at + G2_SIZE));
    if (point === undefined || !isOfSubgroup2(point)) return undefined;
    const scalar = Fr.create(bytesToBigint(data.subarray(at + G2_SIZE, at + size)));
    if (scalar === 0n || point.is0()) continue;
    points.push(point);
    scalars.push(scalar);
  }
  return { gasUsed, output: encodeG2(sumOfProducts2(points, scalars)) };
};

/** 0x0f: 1 when the product of the pairings is one. */
export const pairBls: Precompile = (data, gas) => {
  if (data.length === 0 || data.length % PAIR_SIZE !== 0) return undefined;
  const gasUsed = PAIRING_GAS + PAIR_GAS * BigInt(data.length / PAIR_SIZE);
  if (gas < gasUsed) return { gasUsed, output: NOTHING };
  const pairs: { g1: G1Point; g2: G2Point }[] = [];
  for (let at = 0; at < data.length; at += PAIR_SIZE) {
    const g1 = decodeG1(data.subarray(at, at + G1_SIZE));
    const g2 = decodeG2(data.subarray(at + G1_SIZE, at + PAIR_SIZE));
    if (g1 === undefined || g2 === undefined || !isOfSubgroup1(g1) || !isOfSubgroup2(g2)) return undefined;
    if (!g1.is0() && !g2.is0()) pairs.push({ g1, g2 });
  }
  return { gasUsed, output: bigintToBytes(isProductOne(pairs) ? 1n : 0n, 32) };
};

/** 0x10: a number of the field becomes a point. */
export const mapToBls1: Precompile = (data, gas) => {
  if (gas < MAP_G1_GAS) return { gasUsed: MAP_G1_GAS, output: NOTHING };
  const u = data.length === NUMBER_SIZE ? numberAt(data, 0) : undefined;
  if (u === undefined) return undefined;
  return { gasUsed: MAP_G1_GAS, output: encodeG1(map1(u)) };
};

/** 0x11. */
export const mapToBls2: Precompile = (data, gas) => {
  if (gas < MAP_G2_GAS) return { gasUsed: MAP_G2_GAS, output: NOTHING };
  if (data.length !== 2 * NUMBER_SIZE) return undefined;
  const [u0, u1] = [numberAt(data, 0), numberAt(data, 1)];
  if (u0 === undefined || u1 === undefined) return undefined;
  return { gasUsed: MAP_G2_GAS, output: encodeG2(map2(u0, u1)) };
};

function sumGas(count: number, gas: bigint, discounts: readonly number[]): bigint {
  if (count === 0) return 0n;
  const discount = discounts[Math.min(count, discounts.length) - 1] as number;
  return (BigInt(count) * gas * BigInt(discount)) / 1000n;
}

function add1(a: G1Point, b: G1Point): G1Point {
  const library = pairingLibrary(CURVE);
  return library === undefined || a.is0() || b.is0() ? a.add(b) : pointOf1(library.addG1(a.toAffine(), b.toAffine()));
}

function add2(a: G2Point, b: G2Point): G2Point {
  const library = pairingLibrary(CURVE);
  return library === undefined || a.is0() || b.is0() ? a.add(b) : pointOf2(library.addG2(a.toAffine(), b.toAffine()));
}

function map1(u: bigint): G1Point {
  const library = pairingLibrary(CURVE);
  return library === undefined ? mapToG1(u) : pointOf1(library.mapToG1(u));
}

function map2(c0: bigint, c1: bigint): G2Point {
  const library = pairingLibrary(CURVE);
  return library === undefined ? mapToG2([c0, c1]) : pointOf2(library.mapToG2({ c0, c1 }));
}

const pointOf1 = (point: AffineG1 | undefined): G1Point =>
  point === undefined ? G1.ZERO : new G1(point.x, point.y, Fp.ONE);
const pointOf2 = (point: AffineG2 | undefined): G2Point =>
  point === undefined ? G2.ZERO : new G2(Fp2.create(point.x), Fp2.create(point.y), Fp2.ONE);

export function isOfSubgroup1(point: G1Point): boolean {
  if (point.is0()) return true;
  return pairingLibrary(CURVE)?.isOfSubgroupG1(point.toAffine()) ?? point.isTorsionFree();
}

function isOfSubgroup2(point: G2Point): boolean {
  if (point.is0()) return true;
  return pairingLibrary(CURVE)?.isOfSubgroupG2(point.toAffine()) ?? point.isTorsionFree();
}

/** None of the points is at infinity, and no scalar is 0. */
export function sumOfProducts1(points: readonly G1Point[], scalars: readonly bigint[]): G1Point {
  const library = pairingLibrary(CURVE);
  if (library === undefined)
    return points.reduce((sum, point, i) => sum.add(point.multiplyUnsafe(scalars[i] as bigint)), G1.ZERO);
  const affine = points.map((point) => point.toAffine());
  return pointOf1(library.sumG1(affine, scalars));
}

function sumOfProducts2(points: readonly G2Point[], scalars: readonly bigint[]): G2Point {
  const library = pairingLibrary(CURVE);
  if (library === undefined)
    return points.reduce((sum, point, i) => sum.add(point.multiplyUnsafe(scalars[i] as bigint)), G2.ZERO);
  const affine = points.map((point) => point.toAffine());
  return pointOf2(library.sumG2(affine, scalars));
}

/** Of points of the subgroups, none at infinity. */
export function isProductOne(pairs: readonly { readonly g1: G1Point; readonly g2: G2Point }[]): boolean {
  if (pairs.length === 0) return true;
  const library = pairingLibrary(CURVE);
  if (library === undefined) return Fp12.eql(bls12_381.pairingBatch([...pairs]), Fp12.ONE);
  return library.isProductOne(pairs.map(({ g1, g2 }): Pair => ({ g1: g1.toAffine(), g2: g2.toAffine() })));
}

/** undefined: not on the curve. Zeros are the point at infinity. */
function decodeG1(bytes: Uint8Array): G1Point | undefined {
  const [x, y] = [numberAt(bytes, 0), numberAt(bytes, 1)];
  if (x === undefined || y === undefined) return undefined;
  if (x === 0n && y === 0n) return G1.ZERO;
  if (!Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), G1.CURVE().b))) return undefined;
  return new G1(x, y, Fp.ONE);
}

function decodeG2(bytes: Uint8Array): G2Point | undefined {
  const [x0, x1, y0, y1] = [numberAt(bytes, 0), numberAt(bytes, 1), numberAt(bytes, 2), numberAt(bytes, 3)];
  if (x0 === undefined || x1 === undefined || y0 === undefined || y1 === undefined) return undefined;
  if (x0 === 0n && x1 === 0n && y0 === 0n && y1 === 0n) return G2.ZERO;
  const x = Fp2.create({ c0: x0, c1: x1 });
  const y = Fp2.create({ c0: y0, c1: y1 });
  if (!Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.CURVE().b))) return undefined;
  return new G2(x, y, Fp2.ONE);
}

/** The number at an index, undefined when it is not of the field. */
function numberAt(bytes: Uint8Array, index: number): bigint | undefined {
  const number = bytesToBigint(bytes.subarray(index * NUMBER_SIZE, (index + 1) * NUMBER_SIZE));
  return number < Fp.ORDER ? number : undefined;
}

function encodeG1(point: G1Point): Uint8Array {
  if (point.is0()) return new Uint8Array(G1_SIZE);
  const { x, y } = point.toAffine();
  return encode([x, y]);
}

function encodeG2(point: G2Point): Uint8Array {
  if (point.is0()) return new Uint8Array(G2_SIZE);
  const { x, y } = point.toAffine();
  return encode([x.c0, x.c1, y.c0, y.c1]);
}

function encode(numbers: readonly bigint[]): Uint8Array {
  const output = new Uint8Array(numbers.length * NUMBER_SIZE);
  for (const [index, number] of numbers.entries()) output.set(bigintToBytes(number, NUMBER_SIZE), index * NUMBER_SIZE);
  return output;
}
