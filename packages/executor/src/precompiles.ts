import type { AddressHex } from '@hansa/primitives';

const PRECOMPILE_MAX = 0x11;
const NINETEEN_ZERO_BYTES = '0'.repeat(38);

/** Contracts of Prague at 0x01 to 0x11. */
export function isPrecompile(address: AddressHex): boolean {
  if (!address.startsWith(NINETEEN_ZERO_BYTES)) return false;
  const last = Number.parseInt(address.slice(38), 16);
  return last >= 1 && last <= PRECOMPILE_MAX;
}
