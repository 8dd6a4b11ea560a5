import { bytesToBigint, bytesToHex } from '@hansa/primitives';
import { decodeUtf8 } from '@hansa/protocol';

const ERROR_SELECTOR = '08c379a0';
const PANIC_SELECTOR = '4e487b71';
const REASON_SIZE_MAX = 1_024;

/** Solidity's panic codes (docs.soliditylang.org, "Panic via assert and Error via require"). */
const PANICS: ReadonlyMap<bigint, string> = new Map([
  [0x00n, 'generic panic'],
  [0x01n, 'assert(false)'],
  [0x11n, 'arithmetic underflow or overflow'],
  [0x12n, 'division or modulo by zero'],
  [0x21n, 'enum overflow'],
  [0x22n, 'invalid encoded storage byte array accessed'],
  [0x31n, 'out-of-bounds array access; popping on an empty array'],
  [0x32n, 'out-of-bounds access of an array or bytesN'],
  [0x41n, 'out of memory'],
  [0x51n, 'uninitialized function'],
]);

/** Words of `Error(string)` or `Panic(uint256)`; undefined for custom errors, which the caller's ABI decodes. */
export function revertReason(output: Uint8Array): string | undefined {
  const selector = bytesToHex(output.subarray(0, 4));
  if (selector === PANIC_SELECTOR && output.length === 36) {
    const code = bytesToBigint(output.subarray(4));
    return PANICS.get(code) ?? `unknown panic code: 0x${code.toString(16)}`;
  }
  if (selector !== ERROR_SELECTOR || output.length < 68) return undefined;
  const offset = bytesToBigint(output.subarray(4, 36));
  if (offset > BigInt(output.length - 36)) return undefined;
  const at = 4 + Number(offset);
  const size = bytesToBigint(output.subarray(at, at + 32));
  if (size > BigInt(Math.min(output.length - at - 32, REASON_SIZE_MAX))) return undefined;
  return decodeUtf8(output.subarray(at + 32, at + 32 + Number(size)));
}
