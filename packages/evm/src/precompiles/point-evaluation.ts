import { standardSuite } from '@hansa/crypto';
import { bigintToBytes, bytesToBigint, concatBytes, equalBytes, fromHex } from '@hansa/primitives';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { isOfSubgroup1, isProductOne, sumOfProducts1 } from './bls12-381.ts';
import { type PreparedG2, pairingLibrary } from './mcl.ts';
import { NOTHING, type Precompile } from './types.ts';

const G1 = bls12_381.G1.Point;
const G2 = bls12_381.G2.Point;
type G1Point = InstanceType<typeof G1>;
type G2Point = InstanceType<typeof G2>;
const { Fp, Fr } = bls12_381.fields;

const GAS = 50_000n;
const INPUT_SIZE = 192;
const FIELD_ELEMENTS_PER_BLOB = 4096n;
const VERSION_KZG = 0x01;
/** The secret of Ethereum's ceremony of 2023 times the generator of G2: the only point of the setup that a check needs. */
const SECRET_TIMES_GENERATOR =
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2';

let secretPoint: G2Point | undefined;
/** Both points of G2 are always the same: their lines are worked out once. */
let prepared: { readonly generator: PreparedG2; readonly secret: PreparedG2 } | undefined;

/** 0x0a (EIP-4844): that a polynomial behind a commitment has the value y at z. */
export const evaluatePoint: Precompile = (data, gas) => {
  if (gas < GAS) return { gasUsed: GAS, output: NOTHING };
  if (data.length !== INPUT_SIZE) return undefined;
  const commitment = data.subarray(96, 144);
  const versionedHash = standardSuite.digest(commitment);
  versionedHash[0] = VERSION_KZG;
  if (!equalBytes(versionedHash, data.subarray(0, 32))) return undefined;
  const proof = { commitment, z: data.subarray(32, 64), y: data.subarray(64, 96), proof: data.subarray(144) };
  if (!verifyPointProof(proof)) return undefined;
  return { gasUsed: GAS, output: concatBytes(bigintToBytes(FIELD_ELEMENTS_PER_BLOB, 32), bigintToBytes(Fr.ORDER, 32)) };
};

export type PointProof = {
  /** Points of G1 as 48 bytes. */
  readonly commitment: Uint8Array;
  readonly proof: Uint8Array;
  /** Numbers of 32 bytes, below the order of the group. */
  readonly z: Uint8Array;
  readonly y: Uint8Array;
};

/** e(C − y·G₁ + z·π, G₂) = e(π, s·G₂). False also for what is no point or no number of the field. */
export function verifyPointProof(claim: PointProof): boolean {
  const [z, y] = [bytesToBigint(claim.z), bytesToBigint(claim.y)];
  const [commitment, proof] = [decodeG1(claim.commitment), decodeG1(claim.proof)];
  if (commitment === undefined || proof === undefined || z >= Fr.ORDER || y >= Fr.ORDER) return false;
  const left = sumOfTerms([
    [commitment, 1n],
    [G1.BASE, Fr.neg(y)],
    [proof, z],
  ]);
  const library = pairingLibrary('bls12-381');
  if (library === undefined || left.is0() || proof.is0()) return isProductOne(pairsOf(left, proof));
  prepared ??= { generator: library.prepareG2(G2.BASE.toAffine()), secret: library.prepareG2(secret().toAffine()) };
  return library.isProductOfPreparedOne(
    { g1: left.toAffine(), g2: prepared.generator },
    { g1: proof.negate().toAffine(), g2: prepared.secret },
  );
}

const secret = (): G2Point => {
  secretPoint ??= G2.fromBytes(fromHex(SECRET_TIMES_GENERATOR));
  return secretPoint;
};

function pairsOf(left: G1Point, proof: G1Point): { g1: G1Point; g2: G2Point }[] {
  const pairs: { g1: G1Point; g2: G2Point }[] = [];
  if (!left.is0()) pairs.push({ g1: left, g2: G2.BASE });
  if (!proof.is0()) pairs.push({ g1: proof.negate(), g2: secret() });
  return pairs;
}

function sumOfTerms(terms: readonly (readonly [G1Point, bigint])[]): G1Point {
  const others = terms.filter(([point, scalar]) => scalar !== 0n && !point.is0());
  return sumOfProducts1(
    others.map(([point]) => point),
    others.map(([, scalar]) => scalar),
  );
}

const COMPRESSED = 0x80;
const INFINITY = 0x40;
const IS_LARGER = 0x20;

/** undefined: no point of the subgroup. Bits of the first byte: compressed, at infinity, the larger of both y. */
function decodeG1(bytes: Uint8Array): G1Point | undefined {
  const first = bytes[0] as number;
  const x = bytesToBigint(bytes) & ((1n << 381n) - 1n);
  if ((first & COMPRESSED) === 0) return undefined;
  if ((first & INFINITY) !== 0) return (first & IS_LARGER) === 0 && x === 0n ? G1.ZERO : undefined;
  if (x >= Fp.ORDER) return undefined;
  const square = Fp.add(Fp.mul(Fp.sqr(x), x), G1.CURVE().b);
  const root = rootOf(square);
  if (root === undefined) return undefined;
  const isLarger = root > Fp.ORDER / 2n;
  const point = new G1(x, isLarger === ((first & IS_LARGER) !== 0) ? root : Fp.neg(root), Fp.ONE);
  return isOfSubgroup1(point) ? point : undefined;
}

function rootOf(square: bigint): bigint | undefined {
  const library = pairingLibrary('bls12-381');
  if (library !== undefined) return library.squareRoot(square);
  // Of a field whose order is 3 modulo 4.
  const root = Fp.pow(square, (Fp.ORDER + 1n) / 4n);
  return Fp.eql(Fp.sqr(root), square) ? root : undefined;
}
