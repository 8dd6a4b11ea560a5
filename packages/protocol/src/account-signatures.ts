/** Signatures of accounts over a digest, one behind the other. */
import { GENESIS_ADMIN_COUNT_MAX } from './limits.ts';

/** r ‖ s ‖ recovery. */
export const ACCOUNT_SIGNATURE_SIZE = 65;

export type AccountSignature = { readonly signature: Uint8Array; readonly recovery: 0 | 1 };

/** The signatures of a list of them, at most `countMax`; undefined when it is none (spec JOIN-2). */
export function splitAccountSignatures(
  bytes: Uint8Array,
  countMax: number = GENESIS_ADMIN_COUNT_MAX,
): readonly AccountSignature[] | undefined {
  const count = bytes.length / ACCOUNT_SIGNATURE_SIZE;
  if (!Number.isInteger(count) || count < 1 || count > countMax) return undefined;
  const parts = Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * ACCOUNT_SIGNATURE_SIZE, (index + 1) * ACCOUNT_SIGNATURE_SIZE),
  );
  if (parts.some((part) => (part[64] as number) > 1)) return undefined;
  return parts.map((part) => ({ signature: part.subarray(0, 64), recovery: part[64] as 0 | 1 }));
}
