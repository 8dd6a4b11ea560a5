import type { HashHex, Result } from '@hansa/primitives';
import type { ProtocolFailure } from './errors.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** Value of an account in the state. */
export type AccountRecord = { readonly nonce: bigint; readonly balance: bigint; readonly codeHash: HashHex };

/** Keccak-256 of nothing: code hash of an account without code. */
export const EMPTY_CODE_HASH: HashHex = 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470' as HashHex;

/** spec FMT-50: 72 bytes. */
export function encodeAccount(account: AccountRecord): Uint8Array {
  return new Writer(72).u64Bigint(account.nonce).u256(account.balance).hex(account.codeHash, 32).finish();
}

export function decodeAccount(bytes: Uint8Array): Result<AccountRecord, ProtocolFailure> {
  const reader = new Reader(bytes, 'account');
  return reader.finish({ nonce: reader.u64Bigint(), balance: reader.u256(), codeHash: reader.hash() });
}
