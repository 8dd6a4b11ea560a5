import type { AddressHex, Brand, HashHex } from '@hansa/primitives';

/**
 * Key of one entry of the state, as lower-case hex of its bytes (spec STATE-1). The state is one flat map from such keys to bytes;
 * the state root commits to all of it.
 *   01 ‖ address                account: u64 nonce ‖ 32-byte balance ‖ 32-byte code hash (Keccak-256; of nothing without code)
 *   02 ‖ address ‖ 32-byte slot storage: 32 bytes, absent when zero
 *   03 ‖ address ‖ name         record of a system contract (name: bytes that the contract chooses)
 *   04 ‖ code hash              code
 */
export type StateKey = Brand<string, 'StateKey'>;

/** Bytes of a key: longer than any that a contract of the system makes. What comes from outside is refused above it. */
export const STATE_KEY_SIZE_MAX: number = 256;

export const accountKey = (address: AddressHex): StateKey => `01${address}` as StateKey;
export const storageKey = (address: AddressHex, slot: HashHex): StateKey => `02${address}${slot}` as StateKey;
/** `nameHex`: lower-case hex of the record's name. */
export const systemKey = (address: AddressHex, nameHex: string): StateKey => `03${address}${nameHex}` as StateKey;
export const codeKey = (codeHash: HashHex): StateKey => `04${codeHash}` as StateKey;

/** One change of the state; undefined deletes. A list of them is ordered by key and names each key once. */
export type StateChange = { readonly key: StateKey; readonly value: Uint8Array | undefined };

/** Read access to the state at one height. Synchronous. The bytes returned belong to the store: never modify them. */
export type StateReader = { get(key: StateKey): Uint8Array | undefined };
