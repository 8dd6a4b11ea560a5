/** Values as Ethereum's JSON-RPC writes them: quantities without leading zeros, data with two digits a byte. */
import { bytesToHex } from '@hansa/primitives';

export const quantity = (value: number | bigint): string => `0x${value.toString(16)}`;
export const prefixed = (hex: string): string => `0x${hex}`;
export const data = (bytes: Uint8Array): string => `0x${bytesToHex(bytes)}`;
