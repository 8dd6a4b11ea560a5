import { fromHex, type HashHex } from '@hansa/primitives';

/** Keccak-256 of nothing: code hash of an account without code. */
export const NO_CODE: HashHex = 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470' as HashHex;
const bytes = new DataView(fromHex(NO_CODE).slice().buffer);
/** The same as `MemoryView.holds` takes it. */
export const NO_CODE_WORDS: Uint32Array = Uint32Array.from({ length: 8 }, (_, i) => bytes.getUint32(4 * i, true));
