import { bigintToBytes, bytesToBigint } from '@hansa/primitives';
import { bn254 } from '@noble/curves/bn254.js';
import { type Pair, pairingLibrary } from './mcl.ts';
import { NOTHING, type Precompile, slicePadded } from './types.ts';

const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;
type G1Point = InstanceType<typeof G1>;
type G2Point = InstanceType<typeof G2>;
const { Fp, Fp2, Fr, Fp12 } = bn254.fields;

const CURVE = 'bn254';
/** Prices of EIP-1108. */
const ADD_GAS = 150n;
const MULTIPLY_GAS = 6_000n;
const PAIRING_GAS = 45_000n;
const PAIR_GAS = 34_000n;
const PAIR_SIZE = 192;

/** 0x06 (EIP-196). */
export const addBn254: Precompile = (data, gas) => {
  if (gas < ADD_GAS) return { gasUsed: ADD_GAS, output: NOTHING };
  const input = slicePadded(data, 0, 128);
  const a = decodeG1(input.subarray(0, 64));
  const b = decodeG1(input.subarray(64, 128));
  return a === undefined || b === undefined ? undefined : { gasUsed: ADD_GAS, output: encodeG1(a.add(b)) };
};

/** 0x07 (EIP-196). */
export const multiplyBn254: Precompile = (data, gas) => {
  if (gas < MULTIPLY_GAS) return { gasUsed: MULTIPLY_GAS, output: NOTHING };
  const input = slicePadded(data, 0, 96);
  const point = decodeG1(input.subarray(0, 64));
  if (point === undefined) return undefined;
  const scalar = Fr.create(bytesToBigint(input.subarray(64, 96)));
  return { gasUsed: MULTIPLY_GAS, output: encodeG1(multiply(point, scalar)) };
};

/** 0x08 (EIP-197): 1 when the product of the pairings is one. */
export const pairBn254: Precompile = (data, gas) => {
  const count = Math.floor(data.length / PAIR_SIZE);
  const gasUsed = PAIRING_GAS + PAIR_GAS * BigInt(count);
  if (gas < gasUsed) return { gasUsed, output: NOTHING };
  if (data.length % PAIR_SIZE !== 0) return undefined;
  const pairs: { g1: G1Point; g2: G2Point }[] = [];
  for (let at = 0; at < data.length; at += PAIR_SIZE) {
    const g1 = decodeG1(data.subarray(at, at + 64));
    const g2 = decodeG2(data.subarray(at + 64, at + PAIR_SIZE));
    if (g1 === undefined || g2 === undefined) return undefined;
    if (!g1.is0() && !g2.is0()) pairs.push({ g1, g2 });
  }
  return { gasUsed, output: bigintToBytes(isProductOne(pairs) ? 1n : 0n, 32) };
};

function multiply(point: G1Point, scalar: bigint): G1Point {
  if (scalar === 0n || point.is0()) return G1.ZERO;
  const library = pairingLibrary(CURVE);
  if (library === undefined) return point.multiplyUnsafe(scalar);
  const product = library.sumG1([point.toAffine()], [scalar]);
  return product === undefined ? G1.ZERO : new G1(product.x, product.y, Fp.ONE);
}

function isProductOne(pairs: readonly { readonly g1: G1Point; readonly g2: G2Point }[]): boolean {
  if (pairs.length === 0) return true;
  const library = pairingLibrary(CURVE);
  if (library === undefined) return Fp12.eql(bn254.pairingBatch([...pairs]), Fp12.ONE);
  return library.isProductOne(pairs.map(({ g1, g2 }): Pair => ({ g1: g1.toAffine(), g2: g2.toAffine() })));
}

/** undefined: not on the curve. Every point of the curve is of the group. */
function decodeG1(bytes: Uint8Array): G1Point | undefined {
  const x = bytesToBigint(bytes.subarray(0, 32));
  const y = bytesToBigint(bytes.subarray(32, 64));
  if (x >= Fp.ORDER || y >= Fp.ORDER) return undefined;
  if (x === 0n && y === 0n) return G1.ZERO;
  if (!Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), G1.CURVE().b))) return undefined;
  return new G1(x, y, Fp.ONE);
}

/** undefined: not on the curve, or not of the subgroup. Imaginary parts come first. */
function decodeG2(bytes: Uint8Array): G2Point | undefined {
  const [x1, x0, y1, y0] = [0, 32, 64, 96].map((at) => bytesToBigint(bytes.subarray(at, at + 32))) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  if (x0 >= Fp.ORDER || x1 >= Fp.ORDER || y0 >= Fp.ORDER || y1 >= Fp.ORDER) return undefined;
  if (x0 === 0n && x1 === 0n && y0 === 0n && y1 === 0n) return G2.ZERO;
  const x = Fp2.create({ c0: x0, c1: x1 });
  const y = Fp2.create({ c0: y0, c1: y1 });
  if (!Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.CURVE().b))) return undefined;
  const point = new G2(x, y, Fp2.ONE);
  const isOfSubgroup = pairingLibrary(CURVE)?.isOfSubgroupG2(point.toAffine()) ?? point.isTorsionFree();
  return isOfSubgroup ? point : undefined;
}

function encodeG1(point: G1Point): Uint8Array {
  const output = new Uint8Array(64);
  if (point.is0()) return output;
  const { x, y } = point.toAffine();
  output.set(bigintToBytes(x, 32));
  output.set(bigintToBytes(y, 32), 32);
  return output;
}
