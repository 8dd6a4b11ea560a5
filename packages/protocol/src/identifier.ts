import { asciiBytes } from '@hansa/primitives';
import { IDENTIFIER_SIZE_MAX } from './limits.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

const IDENTIFIER = /^[A-Za-z0-9._-]{1,32}$/;

/** Group ids and organisation ids: 1 to 32 of A-Z a-z 0-9 . _ - (spec FMT-3). */
export const isIdentifier = (text: string): boolean => IDENTIFIER.test(text);

export function readIdentifier(reader: Reader): string {
  const text = String.fromCharCode(...reader.bytes(IDENTIFIER_SIZE_MAX));
  if (!isIdentifier(text)) reader.fail('PROTOCOL_OUT_OF_RANGE', 'an identifier is 1 to 32 of A-Z a-z 0-9 . _ -');
  return text;
}

export function writeIdentifier(writer: Writer, text: string): void {
  writer.bytes(asciiBytes(text));
}
