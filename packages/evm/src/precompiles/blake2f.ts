import { NOTHING, type Precompile } from './types.ts';

const INPUT_SIZE = 213;
/** RFC 7693, section 2.6: first words of the state, low and high halves. */
const IV = Uint32Array.of(
  0xf3bcc908,
  0x6a09e667,
  0x84caa73b,
  0xbb67ae85,
  0xfe94f82b,
  0x3c6ef372,
  0x5f1d36f1,
  0xa54ff53a,
  0xade682d1,
  0x510e527f,
  0x2b3e6c1f,
  0x9b05688c,
  0xfb41bd6b,
  0x1f83d9ab,
  0x137e2179,
  0x5be0cd19,
);
/** RFC 7693, section 2.7. */
const SIGMA: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
/** The columns, then the diagonals. */
const LANES: readonly (readonly [number, number, number, number])[] = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

/** 0x09 (EIP-152): the compression function of BLAKE2b with a chosen number of rounds, one gas each. */
export const blake2F: Precompile = (data, gas) => {
  if (data.length !== INPUT_SIZE) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, INPUT_SIZE);
  const rounds = view.getUint32(0);
  const last = data[212] as number;
  if (last > 1) return undefined;
  const gasUsed = BigInt(rounds);
  if (gas < gasUsed) return { gasUsed, output: NOTHING };
  const h = new Uint32Array(16);
  const m = new Uint32Array(32);
  for (let i = 0; i < 16; i++) h[i] = view.getUint32(4 + 4 * i, true);
  for (let i = 0; i < 32; i++) m[i] = view.getUint32(68 + 4 * i, true);
  const v = new Uint32Array(32);
  v.set(h);
  v.set(IV, 16);
  for (let i = 0; i < 4; i++) v[24 + i] = (v[24 + i] as number) ^ view.getUint32(196 + 4 * i, true);
  if (last === 1) {
    v[28] = ~(v[28] as number);
    v[29] = ~(v[29] as number);
  }
  for (let round = 0; round < rounds; round++) mixRound(v, m, SIGMA[round % 10] as readonly number[]);
  const output = new Uint8Array(64);
  const out = new DataView(output.buffer);
  for (let i = 0; i < 16; i++) out.setUint32(4 * i, (h[i] as number) ^ (v[i] as number) ^ (v[16 + i] as number), true);
  return { gasUsed, output };
};

function mixRound(v: Uint32Array, m: Uint32Array, sigma: readonly number[]): void {
  for (let lane = 0; lane < 8; lane++) {
    const [a, b, c, d] = LANES[lane] as readonly [number, number, number, number];
    addTo(v, a, b);
    addFrom(v, a, m, sigma[2 * lane] as number);
    rotateXor(v, d, a, 32);
    addTo(v, c, d);
    rotateXor(v, b, c, 24);
    addTo(v, a, b);
    addFrom(v, a, m, sigma[2 * lane + 1] as number);
    rotateXor(v, d, a, 16);
    addTo(v, c, d);
    rotateXor(v, b, c, 63);
  }
}

const addTo = (v: Uint32Array, to: number, from: number): void => addFrom(v, to, v, from);

/** v[to] += source[from], 64 bits in two halves. */
function addFrom(v: Uint32Array, to: number, source: Uint32Array, from: number): void {
  const low = (v[2 * to] as number) + (source[2 * from] as number);
  v[2 * to] = low;
  v[2 * to + 1] = (v[2 * to + 1] as number) + (source[2 * from + 1] as number) + (low > 0xffffffff ? 1 : 0);
}

/** v[to] = (v[to] ^ v[from]) rotated right. */
function rotateXor(v: Uint32Array, to: number, from: number, bits: 16 | 24 | 32 | 63): void {
  const low = (v[2 * to] as number) ^ (v[2 * from] as number);
  const high = (v[2 * to + 1] as number) ^ (v[2 * from + 1] as number);
  if (bits === 32) {
    v[2 * to] = high;
    v[2 * to + 1] = low;
  } else if (bits === 63) {
    v[2 * to] = (low << 1) | (high >>> 31);
    v[2 * to + 1] = (high << 1) | (low >>> 31);
  } else {
    v[2 * to] = (low >>> bits) | (high << (32 - bits));
    v[2 * to + 1] = (high >>> bits) | (low << (32 - bits));
  }
}
