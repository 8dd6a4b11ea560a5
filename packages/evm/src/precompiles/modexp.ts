import { bigintToBytes, bytesToBigint } from '@hansa/primitives';
import { NOTHING, type Precompile, slicePadded } from './types.ts';

const GAS_MIN = 200n;
/** No gas of a block buys numbers of this size. */
const SIZE_MAX = 2n ** 31n;

/** 0x05 (EIP-198) at the prices of EIP-2565. */
export const modexp: Precompile = (data, gas) => {
  const sizes = slicePadded(data, 0, 96);
  const baseSize = bytesToBigint(sizes.subarray(0, 32));
  const exponentSize = bytesToBigint(sizes.subarray(32, 64));
  const modulusSize = bytesToBigint(sizes.subarray(64, 96));
  const gasUsed = priceOf(data, { baseSize, exponentSize, modulusSize });
  if (gas < gasUsed || (baseSize === 0n && modulusSize === 0n)) return { gasUsed, output: NOTHING };
  if (baseSize >= SIZE_MAX || exponentSize >= SIZE_MAX || modulusSize >= SIZE_MAX) return undefined;
  const [base, exponent, modulus] = [Number(baseSize), Number(exponentSize), Number(modulusSize)];
  const m = bytesToBigint(slicePadded(data, 96 + base + exponent, modulus));
  if (m === 0n) return { gasUsed, output: new Uint8Array(modulus) };
  const b = bytesToBigint(slicePadded(data, 96, base));
  const result = power(b % m, slicePadded(data, 96 + base, exponent), m);
  return { gasUsed, output: bigintToBytes(result, modulus) };
};

type Sizes = { readonly baseSize: bigint; readonly exponentSize: bigint; readonly modulusSize: bigint };

function priceOf(data: Uint8Array, { baseSize, exponentSize, modulusSize }: Sizes): bigint {
  const words = ((baseSize > modulusSize ? baseSize : modulusSize) + 7n) / 8n;
  const headSize = exponentSize < 32n ? Number(exponentSize) : 32;
  const at = baseSize < SIZE_MAX ? 96 + Number(baseSize) : Number.MAX_SAFE_INTEGER;
  const head = bytesToBigint(slicePadded(data, at, headSize));
  let iterations = exponentSize > 32n ? 8n * (exponentSize - 32n) : 0n;
  if (head > 0n) iterations += BigInt(head.toString(2).length - 1);
  const gas = (words * words * (iterations > 1n ? iterations : 1n)) / 3n;
  return gas > GAS_MIN ? gas : GAS_MIN;
}

/** Bits of the exponent from the most significant one on; those before it cost nothing. */
function power(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  let result = 1n % modulus;
  let isBegun = false;
  for (const byte of exponent) {
    if (byte === 0 && !isBegun) continue;
    for (let bit = 7; bit >= 0; bit--) {
      if (isBegun) result = (result * result) % modulus;
      if (((byte >> bit) & 1) === 1) {
        result = (result * base) % modulus;
        isBegun = true;
      }
    }
  }
  return result;
}
