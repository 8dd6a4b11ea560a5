/** The compression function of BLAKE2b (RFC 7693) with a chosen number of rounds: precompile 0x09 (EIP-152). */
import { SCRATCH } from './layout';

export const BLAKE2F_INPUT: u32 = 213;
const SIGMA: usize = SCRATCH + 0x700;
/** The message, 16 words of 8 bytes. */
const M: usize = SCRATCH + 0x800;

// @ts-ignore: decorator
@inline
function iv(index: i32): u64 {
  switch (index) {
    case 0: return 0x6a09e667f3bcc908;
    case 1: return 0xbb67ae8584caa73b;
    case 2: return 0x3c6ef372fe94f82b;
    case 3: return 0xa54ff53a5f1d36f1;
    case 4: return 0x510e527fade682d1;
    case 5: return 0x9b05688c2b3e6c1f;
    case 6: return 0x1f83d9abfb41bd6b;
    default: return 0x5be0cd19137e2179;
  }
}

/** Order of the message's words in each of ten rounds, a nibble each, the first lowest (RFC 7693, section 2.7). */
export function setupBlake2(): void {
  store<u64>(SIGMA, 0xfedcba9876543210, 0);
  store<u64>(SIGMA, 0x357b20c16df984ae, 8);
  store<u64>(SIGMA, 0x491763eadf250c8b, 16);
  store<u64>(SIGMA, 0x8f04a562ebcd1397, 24);
  store<u64>(SIGMA, 0xd386cb1efa427509, 32);
  store<u64>(SIGMA, 0x91ef57d438b0a6c2, 40);
  store<u64>(SIGMA, 0xb8293670a4def15c, 48);
  store<u64>(SIGMA, 0xa2684f05931ce7bd, 56);
  store<u64>(SIGMA, 0x5a417d2c803b9ef6, 64);
  store<u64>(SIGMA, 0x0dc3e9bf5167482a, 72);
}

// @ts-ignore: decorator
@inline
function word(order: u64, at: u64): u64 {
  return load<u64>(M + (<usize>((order >> (at << 2)) & 15) << 3));
}

export function blake2Rounds(data: usize): u32 {
  return bswap<u32>(load<u32>(data));
}

/** `data` has 213 bytes, the last of them 0 or 1; 64 bytes go to `to`. */
export function blake2F(to: usize, data: usize): void {
  memory.copy(M, data + 68, 128);
  const rounds = blake2Rounds(data);
  let v0 = load<u64>(data, 4);
  let v1 = load<u64>(data, 12);
  let v2 = load<u64>(data, 20);
  let v3 = load<u64>(data, 28);
  let v4 = load<u64>(data, 36);
  let v5 = load<u64>(data, 44);
  let v6 = load<u64>(data, 52);
  let v7 = load<u64>(data, 60);
  let v8 = iv(0);
  let v9 = iv(1);
  let v10 = iv(2);
  let v11 = iv(3);
  let v12 = iv(4) ^ load<u64>(data, 196);
  let v13 = iv(5) ^ load<u64>(data, 204);
  let v14 = iv(6) ^ (load<u8>(data, 212) != 0 ? u64.MAX_VALUE : 0);
  let v15 = iv(7);
  let turn: usize = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    const order = load<u64>(SIGMA + turn);
    turn = turn == 72 ? 0 : turn + 8;
    v0 += v4 + word(order, 0); v12 = rotr<u64>(v12 ^ v0, 32); v8 += v12; v4 = rotr<u64>(v4 ^ v8, 24);
    v0 += v4 + word(order, 1); v12 = rotr<u64>(v12 ^ v0, 16); v8 += v12; v4 = rotr<u64>(v4 ^ v8, 63);
    v1 += v5 + word(order, 2); v13 = rotr<u64>(v13 ^ v1, 32); v9 += v13; v5 = rotr<u64>(v5 ^ v9, 24);
    v1 += v5 + word(order, 3); v13 = rotr<u64>(v13 ^ v1, 16); v9 += v13; v5 = rotr<u64>(v5 ^ v9, 63);
    v2 += v6 + word(order, 4); v14 = rotr<u64>(v14 ^ v2, 32); v10 += v14; v6 = rotr<u64>(v6 ^ v10, 24);
    v2 += v6 + word(order, 5); v14 = rotr<u64>(v14 ^ v2, 16); v10 += v14; v6 = rotr<u64>(v6 ^ v10, 63);
    v3 += v7 + word(order, 6); v15 = rotr<u64>(v15 ^ v3, 32); v11 += v15; v7 = rotr<u64>(v7 ^ v11, 24);
    v3 += v7 + word(order, 7); v15 = rotr<u64>(v15 ^ v3, 16); v11 += v15; v7 = rotr<u64>(v7 ^ v11, 63);
    v0 += v5 + word(order, 8); v15 = rotr<u64>(v15 ^ v0, 32); v10 += v15; v5 = rotr<u64>(v5 ^ v10, 24);
    v0 += v5 + word(order, 9); v15 = rotr<u64>(v15 ^ v0, 16); v10 += v15; v5 = rotr<u64>(v5 ^ v10, 63);
    v1 += v6 + word(order, 10); v12 = rotr<u64>(v12 ^ v1, 32); v11 += v12; v6 = rotr<u64>(v6 ^ v11, 24);
    v1 += v6 + word(order, 11); v12 = rotr<u64>(v12 ^ v1, 16); v11 += v12; v6 = rotr<u64>(v6 ^ v11, 63);
    v2 += v7 + word(order, 12); v13 = rotr<u64>(v13 ^ v2, 32); v8 += v13; v7 = rotr<u64>(v7 ^ v8, 24);
    v2 += v7 + word(order, 13); v13 = rotr<u64>(v13 ^ v2, 16); v8 += v13; v7 = rotr<u64>(v7 ^ v8, 63);
    v3 += v4 + word(order, 14); v14 = rotr<u64>(v14 ^ v3, 32); v9 += v14; v4 = rotr<u64>(v4 ^ v9, 24);
    v3 += v4 + word(order, 15); v14 = rotr<u64>(v14 ^ v3, 16); v9 += v14; v4 = rotr<u64>(v4 ^ v9, 63);
  }
  store<u64>(to, load<u64>(data, 4) ^ v0 ^ v8, 0);
  store<u64>(to, load<u64>(data, 12) ^ v1 ^ v9, 8);
  store<u64>(to, load<u64>(data, 20) ^ v2 ^ v10, 16);
  store<u64>(to, load<u64>(data, 28) ^ v3 ^ v11, 24);
  store<u64>(to, load<u64>(data, 36) ^ v4 ^ v12, 32);
  store<u64>(to, load<u64>(data, 44) ^ v5 ^ v13, 40);
  store<u64>(to, load<u64>(data, 52) ^ v6 ^ v14, 48);
  store<u64>(to, load<u64>(data, 60) ^ v7 ^ v15, 56);
}
