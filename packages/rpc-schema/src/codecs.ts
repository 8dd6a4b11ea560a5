import { bytesToHex } from '@hansa/primitives';

/** Hex with the prefix 0x. */
export type Hex = `0x${string}`;
/** Number as Ethereum's JSON-RPC writes it: 0x, no leading zeros, `0x0` for zero. */
export type Quantity = Hex;
/** Bytes: 0x and two digits a byte. */
export type Data = Hex;

export const toQuantity = (value: number | bigint): Quantity => `0x${value.toString(16)}`;
export const toData = (bytes: Uint8Array): Data => `0x${bytesToHex(bytes)}`;
/** For the brands, which are hex without a prefix. */
export const toPrefixed = (hex: string): Hex => `0x${hex}`;
