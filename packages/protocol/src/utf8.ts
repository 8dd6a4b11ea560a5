import { utf8ToBytes } from '@noble/hashes/utils.js';

/** UTF-8 of a well-formed string. */
export const encodeUtf8 = (text: string): Uint8Array => utf8ToBytes(text);

/** Strict UTF-8 (RFC 3629): undefined for overlong forms, surrogates, what is above U+10FFFF, and cut sequences. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i] as number;
    const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || i + size > bytes.length) return undefined;
    let point = size === 1 ? first : first & (0xff >> (size + 1));
    for (let k = 1; k < size; k++) {
      const next = bytes[i + k] as number;
      if ((next & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (next & 0x3f);
    }
    const isOverlong = (size === 3 && point < 0x800) || (size === 4 && point < 0x1_0000);
    if (isOverlong || point > 0x10_ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    text += String.fromCodePoint(point);
    i += size;
  }
  return text;
}
