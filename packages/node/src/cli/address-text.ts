import { ethereumCrypto } from '@hansa/crypto';
import { asciiBytes, bytesToHex } from '@hansa/primitives';

/** Address with the mixed-case checksum of EIP-55. `address`: 0x and 40 hex digits. */
export function checksummed(address: string): string {
  const lower = address.slice(2).toLowerCase();
  const hash = bytesToHex(ethereumCrypto.keccak256(asciiBytes(lower)));
  let text = '0x';
  for (let i = 0; i < lower.length; i++) {
    const digit = lower[i] as string;
    text += Number.parseInt(hash[i] as string, 16) >= 8 ? digit.toUpperCase() : digit;
  }
  return text;
}
