import { bytesToHex, type Failure, fail, hexToBytes, ok, type Result } from '@hansa/primitives';
import { isScalar } from './curve-range.ts';
import type { PrivateKey } from './suite.ts';

export type KeyFileFailure = Failure<'CRYPTO_KEY_FILE_MALFORMED'>;

/** Content of a key file (spec FMT-5): 64 hex digits and a line end. Whoever writes it does so with mode 0600. */
export function formatKeyFile(key: PrivateKey): string {
  return `${bytesToHex(key)}\n`;
}

/**
 * Key of a key file: 64 hex digits, either case, with or without 0x, white space around them allowed.
 * The failure never repeats what was read.
 */
export function parseKeyFile(text: string): Result<PrivateKey, KeyFileFailure> {
  const trimmed = text.trim();
  const digits = trimmed.startsWith('0x') ? trimmed.slice(2) : trimmed;
  const key = digits.length === 64 ? hexToBytes(digits) : undefined;
  if (key === undefined) {
    return malformed(`64 hex digits were expected, the file has ${digits.length} characters that are not all of them`);
  }
  if (!isScalar(key)) return malformed('the number is zero or not below the order of the curve');
  return ok(key);
}

function malformed(message: string): Result<PrivateKey, KeyFileFailure> {
  return fail({
    code: 'CRYPTO_KEY_FILE_MALFORMED',
    message,
    remedy: 'restore the key from its backup; a new key is a new identity, which the consortium has to admit first',
  });
}
