/**
 * Arithmetic of the two pairing curves by mcl (WebAssembly), several times as fast as in JavaScript. The host loads it when
 * it was asked for the first time, half a second that most nodes never spend; until then `pairingLibrary` answers undefined,
 * and the caller computes the same in JavaScript. Points are checked to be on their curve before they come here.
 *
 * Bounded: one instance per curve and thread, `CHUNK` points of scratch each; nothing is kept between calls.
 */

/** undefined in place of a point is the point at infinity. */
export type AffineG1 = { readonly x: bigint; readonly y: bigint };
export type Fp2Value = { readonly c0: bigint; readonly c1: bigint };
export type AffineG2 = { readonly x: Fp2Value; readonly y: Fp2Value };
/** Address of its lines in the memory of the library that has made it. */
export type PreparedG2 = { readonly lines: number };
export type PreparedPair = { readonly g1: AffineG1; readonly g2: PreparedG2 };
export type Pair = { readonly g1: AffineG1; readonly g2: AffineG2 };

type CurveName = 'bn254' | 'bls12-381';

/** What is used of the C interface (mcl/bn.h): addresses are numbers, answers 0 and 1. */
export type MclModule = {
  readonly wasmMemory: { readonly buffer: ArrayBuffer };
  _malloc(size: number): number;
  _mclBn_init(curve: number, compiledTimeVar: number): number;
  _mclBnFr_setLittleEndianMod(to: number, bytes: number, size: number): number;
  _mclBnFp_setLittleEndian(to: number, bytes: number, size: number): number;
  _mclBnFp_setInt32(to: number, value: number): void;
  _mclBnFp_getLittleEndian(to: number, sizeMax: number, from: number): number;
  _mclBnFp_squareRoot(to: number, from: number): number;
  _mclBn_setMapToMode(mode: number): number;
  _mclBnFp_mapToG1(to: number, from: number): number;
  _mclBnFp2_mapToG2(to: number, from: number): number;
  _mclBnG1_clear(to: number): void;
  _mclBnG2_clear(to: number): void;
  _mclBnG1_isZero(point: number): number;
  _mclBnG2_isZero(point: number): number;
  _mclBnG1_isValidOrder(point: number): number;
  _mclBnG2_isValidOrder(point: number): number;
  _mclBnG1_add(to: number, a: number, b: number): void;
  _mclBnG2_add(to: number, a: number, b: number): void;
  _mclBnG1_normalize(to: number, from: number): void;
  _mclBnG2_normalize(to: number, from: number): void;
  _mclBnG1_mulVec(to: number, points: number, scalars: number, count: number): void;
  _mclBnG2_mulVec(to: number, points: number, scalars: number, count: number): void;
  _mclBnGT_setInt32(to: number, value: number): void;
  _mclBnGT_mul(to: number, a: number, b: number): void;
  _mclBnGT_isOne(value: number): number;
  _mclBn_millerLoopVec(to: number, g1: number, g2: number, count: number): void;
  _mclBn_getUint64NumToPrecompute(): number;
  _mclBn_precomputeG2(to: number, point: number): void;
  _mclBn_precomputedMillerLoop2(to: number, g1: number, lines: number, otherG1: number, otherLines: number): void;
  _mclBn_finalExp(to: number, from: number): void;
};

const CURVES: Readonly<Record<CurveName, number>> = { bn254: 4, 'bls12-381': 5 };
/** Units of 8 bytes of a scalar, times ten, and of a number of the field: what the module was compiled for. */
const COMPILED_FOR = 46;
/** Mapping to the curve as EIP-2537 has it (RFC 9380). */
const MAP_OF_RFC_9380 = 5;
const LIMBS = 6;
const FP = 8 * LIMBS;
const FR = 32;
const G1 = 3 * FP;
const G2 = 6 * FP;
const GT = 12 * FP;
/** Points that are worked on together. */
const CHUNK = 128;
const LIMB_MASK = (1n << 64n) - 1n;

let libraries: Readonly<Record<CurveName, PairingLibrary>> | undefined;
let isWanted = false;

/** The library of a curve, undefined before there is one; asking is what makes it wanted. */
export function pairingLibrary(curve: CurveName): PairingLibrary | undefined {
  isWanted = true;
  return libraries?.[curve];
}

/** Whether a contract has asked in vain: then it is worth its time to load mcl. */
export const isPairingLibraryMissing = (): boolean => isWanted && libraries === undefined;

/** Two instances of mcl, of which each becomes that of one curve: the curve is a global of an instance. */
export function usePairingModules(first: MclModule, second: MclModule): void {
  libraries ??= { bn254: new PairingLibrary(first, 'bn254'), 'bls12-381': new PairingLibrary(second, 'bls12-381') };
}

export class PairingLibrary {
  readonly #module: MclModule;
  readonly #bytes: number;
  readonly #points: number;
  readonly #others: number;
  readonly #sum: number;
  readonly #part: number;

  constructor(module: MclModule, curve: CurveName) {
    this.#module = module;
    const status = module._mclBn_init(CURVES[curve], COMPILED_FOR);
    if (status !== 0) throw new Error(`the pairing library does not know ${curve}: ${status}`);
    if (curve === 'bls12-381') module._mclBn_setMapToMode(MAP_OF_RFC_9380);
    this.#bytes = module._malloc(FP);
    this.#points = module._malloc(CHUNK * G2);
    this.#others = module._malloc(CHUNK * G2);
    this.#sum = module._malloc(GT);
    this.#part = module._malloc(GT);
  }

  isOfSubgroupG1(point: AffineG1): boolean {
    this.#setG1(this.#points, point);
    return this.#module._mclBnG1_isValidOrder(this.#points) === 1;
  }

  isOfSubgroupG2(point: AffineG2): boolean {
    this.#setG2(this.#points, point);
    return this.#module._mclBnG2_isValidOrder(this.#points) === 1;
  }

  /** Sum of products; points MUST be of the subgroup. */
  sumG1(points: readonly AffineG1[], scalars: readonly bigint[]): AffineG1 | undefined {
    const module = this.#module;
    module._mclBnG1_clear(this.#sum);
    for (let from = 0; from < points.length; from += CHUNK) {
      const count = Math.min(CHUNK, points.length - from);
      for (let i = 0; i < count; i++) {
        this.#setG1(this.#points + i * G1, points[from + i] as AffineG1);
        this.#setScalar(this.#others + i * FR, scalars[from + i] as bigint);
      }
      module._mclBnG1_mulVec(this.#part, this.#points, this.#others, count);
      module._mclBnG1_add(this.#sum, this.#sum, this.#part);
    }
    return this.#affineG1();
  }

  /** Points of the curve, of the subgroup or not. */
  addG1(a: AffineG1, b: AffineG1): AffineG1 | undefined {
    this.#setG1(this.#points, a);
    this.#setG1(this.#others, b);
    this.#module._mclBnG1_add(this.#sum, this.#points, this.#others);
    return this.#affineG1();
  }

  addG2(a: AffineG2, b: AffineG2): AffineG2 | undefined {
    this.#setG2(this.#points, a);
    this.#setG2(this.#others, b);
    this.#module._mclBnG2_add(this.#sum, this.#points, this.#others);
    return this.#affineG2();
  }

  /** Only on BLS12-381. */
  mapToG1(u: bigint): AffineG1 | undefined {
    this.#setNumber(this.#points, u);
    this.#module._mclBnFp_mapToG1(this.#sum, this.#points);
    return this.#affineG1();
  }

  /** Only on BLS12-381. */
  mapToG2({ c0, c1 }: Fp2Value): AffineG2 | undefined {
    this.#setNumber(this.#points, c0);
    this.#setNumber(this.#points + FP, c1);
    this.#module._mclBnFp2_mapToG2(this.#sum, this.#points);
    return this.#affineG2();
  }

  /** One of the two square roots in the field, undefined when there is none. */
  squareRoot(value: bigint): bigint | undefined {
    this.#setNumber(this.#points, value);
    return this.#module._mclBnFp_squareRoot(this.#sum, this.#points) === 0 ? this.#number(this.#sum) : undefined;
  }

  sumG2(points: readonly AffineG2[], scalars: readonly bigint[]): AffineG2 | undefined {
    const module = this.#module;
    module._mclBnG2_clear(this.#sum);
    for (let from = 0; from < points.length; from += CHUNK) {
      const count = Math.min(CHUNK, points.length - from);
      for (let i = 0; i < count; i++) {
        this.#setG2(this.#points + i * G2, points[from + i] as AffineG2);
        this.#setScalar(this.#others + i * FR, scalars[from + i] as bigint);
      }
      module._mclBnG2_mulVec(this.#part, this.#points, this.#others, count);
      module._mclBnG2_add(this.#sum, this.#sum, this.#part);
    }
    return this.#affineG2();
  }

  /** Whether the product of the pairings is one; points MUST be of the subgroup, none at infinity. */
  isProductOne(pairs: readonly Pair[]): boolean {
    const module = this.#module;
    module._mclBnGT_setInt32(this.#sum, 1);
    for (let from = 0; from < pairs.length; from += CHUNK) {
      const count = Math.min(CHUNK, pairs.length - from);
      for (let i = 0; i < count; i++) {
        const { g1, g2 } = pairs[from + i] as Pair;
        this.#setG1(this.#points + i * G1, g1);
        this.#setG2(this.#others + i * G2, g2);
      }
      module._mclBn_millerLoopVec(this.#part, this.#points, this.#others, count);
      module._mclBnGT_mul(this.#sum, this.#sum, this.#part);
    }
    module._mclBn_finalExp(this.#part, this.#sum);
    return module._mclBnGT_isOne(this.#part) === 1;
  }

  /** Lines of the pairings with a point of G2 that is used again and again; kept for good. */
  prepareG2(point: AffineG2): PreparedG2 {
    const lines = this.#module._malloc(8 * this.#module._mclBn_getUint64NumToPrecompute());
    this.#setG2(this.#others, point);
    this.#module._mclBn_precomputeG2(lines, this.#others);
    return { lines };
  }

  /** As `isProductOne`, of two pairs whose points of G2 were prepared by this library. */
  isProductOfPreparedOne(first: PreparedPair, second: PreparedPair): boolean {
    const module = this.#module;
    const [a, b] = [this.#points, this.#points + G1];
    this.#setG1(a, first.g1);
    this.#setG1(b, second.g1);
    module._mclBn_precomputedMillerLoop2(this.#sum, a, first.g2.lines, b, second.g2.lines);
    module._mclBn_finalExp(this.#part, this.#sum);
    return module._mclBnGT_isOne(this.#part) === 1;
  }

  #affineG1(): AffineG1 | undefined {
    if (this.#module._mclBnG1_isZero(this.#sum) === 1) return undefined;
    this.#module._mclBnG1_normalize(this.#sum, this.#sum);
    return { x: this.#number(this.#sum), y: this.#number(this.#sum + FP) };
  }

  #affineG2(): AffineG2 | undefined {
    const at = this.#sum;
    if (this.#module._mclBnG2_isZero(at) === 1) return undefined;
    this.#module._mclBnG2_normalize(at, at);
    return {
      x: { c0: this.#number(at), c1: this.#number(at + FP) },
      y: { c0: this.#number(at + 2 * FP), c1: this.#number(at + 3 * FP) },
    };
  }

  #setG1(at: number, { x, y }: AffineG1): void {
    this.#setNumber(at, x);
    this.#setNumber(at + FP, y);
    this.#module._mclBnFp_setInt32(at + 2 * FP, 1);
  }

  #setG2(at: number, { x, y }: AffineG2): void {
    this.#setNumber(at, x.c0);
    this.#setNumber(at + FP, x.c1);
    this.#setNumber(at + 2 * FP, y.c0);
    this.#setNumber(at + 3 * FP, y.c1);
    this.#module._mclBnFp_setInt32(at + 4 * FP, 1);
    this.#module._mclBnFp_setInt32(at + 5 * FP, 0);
  }

  #setNumber(at: number, value: bigint): void {
    this.#write(value, LIMBS);
    this.#module._mclBnFp_setLittleEndian(at, this.#bytes, FP);
  }

  #setScalar(at: number, value: bigint): void {
    this.#write(value, FR / 8);
    this.#module._mclBnFr_setLittleEndianMod(at, this.#bytes, FR);
  }

  #write(value: bigint, limbs: number): void {
    const view = new DataView(this.#module.wasmMemory.buffer, this.#bytes, FP);
    let rest = value;
    for (let i = 0; i < limbs; i++) {
      view.setBigUint64(8 * i, rest & LIMB_MASK, true);
      rest >>= 64n;
    }
  }

  #number(at: number): bigint {
    const size = this.#module._mclBnFp_getLittleEndian(this.#bytes, FP, at);
    const view = new DataView(this.#module.wasmMemory.buffer, this.#bytes, FP);
    // What lies behind the number is left over from another one.
    for (let i = size; i < FP; i++) view.setUint8(i, 0);
    let value = 0n;
    for (let i = FP - 8; i >= 0; i -= 8) value = (value << 64n) | view.getBigUint64(i, true);
    return value;
  }
}
