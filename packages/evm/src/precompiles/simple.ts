import { ethereumCrypto, standardSuite } from '@hansa/crypto';
import { bytesToBigint, fromHex } from '@hansa/primitives';
import { ripemd160 as ripemd } from '@noble/hashes/legacy.js';
import { NOTHING, type Precompile, slicePadded } from './types.ts';

const RECOVER_GAS = 3_000n;

const wordsOf = (data: Uint8Array): bigint => BigInt(Math.ceil(data.length / 32));

/** 0x01: address of the key that signed, nothing when there is none. Takes high s, unlike transactions. */
export const recover: Precompile = (data, gas) => {
  if (gas < RECOVER_GAS) return { gasUsed: RECOVER_GAS, output: NOTHING };
  const input = slicePadded(data, 0, 128);
  const v = bytesToBigint(input.subarray(32, 64));
  if (v !== 27n && v !== 28n) return { gasUsed: RECOVER_GAS, output: NOTHING };
  const key = ethereumCrypto.recoverPublicKey(input.subarray(0, 32), input.subarray(64, 128), v === 27n ? 0 : 1);
  if (key === undefined) return { gasUsed: RECOVER_GAS, output: NOTHING };
  const output = new Uint8Array(32);
  output.set(fromHex(ethereumCrypto.addressOfPublicKey(key)), 12);
  return { gasUsed: RECOVER_GAS, output };
};

/** 0x02. */
export const sha256: Precompile = (data, gas) => {
  const gasUsed = 60n + 12n * wordsOf(data);
  return { gasUsed, output: gas < gasUsed ? NOTHING : standardSuite.digest(data) };
};

/** 0x03. */
export const ripemd160: Precompile = (data, gas) => {
  const gasUsed = 600n + 120n * wordsOf(data);
  if (gas < gasUsed) return { gasUsed, output: NOTHING };
  const output = new Uint8Array(32);
  output.set(ripemd(data), 12);
  return { gasUsed, output };
};
