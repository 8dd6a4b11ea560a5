/** Values as Ethereum's JSON-RPC writes them: quantities without leading zeros, data with two digits a byte. */

export const quantity = (value: number | bigint): string => `0x${value.toString(16)}`;
export const prefixed = (hex: string): string => `0x${hex}`;
/** By Buffer: blocks, traces and results of calls have megabytes, and digit by digit each would take 0.2 s. */
export const data = ({ buffer, byteOffset, length }: Uint8Array): string =>
  `0x${Buffer.from(buffer, byteOffset, length).toString('hex')}`;
