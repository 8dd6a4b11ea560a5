import { bytesToHex } from '@hansa/primitives';

/** Quantity as JSON-RPC writes it. */
export const bigintToHex = (value: bigint): string => `0x${value.toString(16)}`;
export const dataToHex = (bytes: Uint8Array): string => `0x${bytesToHex(bytes)}`;
/** A word with all its digits. */
export const wordToHex = (value: bigint): string => `0x${value.toString(16).padStart(64, '0')}`;
