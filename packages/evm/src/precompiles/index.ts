import { addBls1, addBls2, mapToBls1, mapToBls2, multiplyBls1, multiplyBls2, pairBls } from './bls12-381.ts';
import { addBn254, multiplyBn254, pairBn254 } from './bn254.ts';
import { modexp } from './modexp.ts';
import { evaluatePoint } from './point-evaluation.ts';
import { recover, ripemd160, sha256 } from './simple.ts';
import type { Precompile, PrecompileResult } from './types.ts';

/** By address. 0x04 (identity) and 0x09 (BLAKE2b) are part of the module. */
const PRECOMPILES: ReadonlyMap<number, Precompile> = new Map([
  [0x01, recover],
  [0x02, sha256],
  [0x03, ripemd160],
  [0x05, modexp],
  [0x06, addBn254],
  [0x07, multiplyBn254],
  [0x08, pairBn254],
  [0x0a, evaluatePoint],
  [0x0b, addBls1],
  [0x0c, multiplyBls1],
  [0x0d, addBls2],
  [0x0e, multiplyBls2],
  [0x0f, pairBls],
  [0x10, mapToBls1],
  [0x11, mapToBls2],
]);

export function runPrecompile(id: number, data: Uint8Array, gas: bigint): PrecompileResult {
  return PRECOMPILES.get(id)?.(data, gas);
}
