import { EVMError, NobleBLS } from '@ethereumjs/evm';
import { bigintToBytes, bytesToBigint } from '@hansa/primitives';
import { bls12_381 } from '@noble/curves/bls12-381.js';

const { Fp, Fp2 } = bls12_381.fields;
const G1 = bls12_381.G1.Point;
const G2 = bls12_381.G2.Point;
type G1Point = InstanceType<typeof G1>;
type G2Point = InstanceType<typeof G2>;

const WORD = 64;
const G1_SIZE = 2 * WORD;
const G2_SIZE = 4 * WORD;

/**
 * Precompiles 0x0b and 0x0d of EIP-2537, which add points of the curve whether or not they are of the subgroup. The
 * library's own decoding finds out all the same, and forgets the answer: 2 ms for 375 gas, so that one transaction could
 * keep a node busy for a minute. The other precompiles need that check and pay for it.
 */
export class CurveBls extends NobleBLS {
  override addG1(input: Uint8Array): Uint8Array {
    const { x, y } = decodeG1(input.subarray(0, G1_SIZE))
      .add(decodeG1(input.subarray(G1_SIZE)))
      .toAffine();
    return encode([x, y]);
  }

  override addG2(input: Uint8Array): Uint8Array {
    const { x, y } = decodeG2(input.subarray(0, G2_SIZE))
      .add(decodeG2(input.subarray(G2_SIZE)))
      .toAffine();
    return encode([x.c0, x.c1, y.c0, y.c1]);
  }
}

/** Numbers of 64 bytes each; zeros are the point at infinity, which noble has as (0, 0) too. */
function encode(numbers: readonly bigint[]): Uint8Array {
  const output = new Uint8Array(numbers.length * WORD);
  for (const [index, number] of numbers.entries()) output.set(bigintToBytes(number, WORD), index * WORD);
  return output;
}

function decodeG1(bytes: Uint8Array): G1Point {
  if (isZero(bytes)) return G1.ZERO;
  const [x, y] = [fieldAt(bytes, 0), fieldAt(bytes, 1)];
  if (!Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), G1.CURVE().b))) throw offCurve();
  return new G1(x, y, Fp.ONE);
}

function decodeG2(bytes: Uint8Array): G2Point {
  if (isZero(bytes)) return G2.ZERO;
  const x = Fp2.create({ c0: fieldAt(bytes, 0), c1: fieldAt(bytes, 1) });
  const y = Fp2.create({ c0: fieldAt(bytes, 2), c1: fieldAt(bytes, 3) });
  if (!Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.CURVE().b))) throw offCurve();
  return new G2(x, y, Fp2.ONE);
}

function fieldAt(bytes: Uint8Array, index: number): bigint {
  const number = bytesToBigint(bytes.subarray(index * WORD, (index + 1) * WORD));
  if (number >= Fp.ORDER) throw new EVMError(EVMError.errorMessages.BLS_12_381_FP_NOT_IN_FIELD);
  return number;
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const offCurve = (): EVMError => new EVMError(EVMError.errorMessages.BLS_12_381_POINT_NOT_ON_CURVE);
