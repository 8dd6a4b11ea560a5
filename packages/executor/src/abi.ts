import { ethereumCrypto } from '@hansa/crypto';
import { asciiBytes, bigintToBytes, bytesToBigint, bytesToHex, concatBytes, fromHex } from '@hansa/primitives';
import { decodeUtf8, encodeUtf8 } from '@hansa/protocol';

/** The part of Solidity's contract ABI that system contracts speak (EXE-32). */
export type AbiType = 'uint256' | 'int256' | 'address' | 'bool' | 'bytes32' | 'string' | 'string[]';
/** uint256 and int256: bigint; address: 40 hex digits; bytes32: 64 hex digits. */
export type AbiValue = bigint | string | boolean | readonly string[];

const WORD = 32;
/** Items of a list in a call; more is refused before anything is read. */
const LIST_COUNT_MAX = 64;
const STRING_SIZE_MAX = 16_384;

/** First four bytes of the Keccak hash of a signature, in hex. */
export function selectorOf(signature: string): string {
  return bytesToHex(ethereumCrypto.keccak256(asciiBytes(signature)).subarray(0, 4));
}

/** Topic of an event, in hex. */
export function topicOf(signature: string): string {
  return bytesToHex(ethereumCrypto.keccak256(asciiBytes(signature)));
}

/**
 * A to Z in lower case, all else as it is (EXE-32). What JavaScript makes of other letters depends on the Unicode version
 * of the engine: two nodes could differ.
 */
export function lowerCaseAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32));
}

export function encodeAbi(types: readonly AbiType[], values: readonly AbiValue[]): Uint8Array {
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  let tailAt = types.length * WORD;
  types.forEach((type, index) => {
    const value = values[index] as AbiValue;
    if (type === 'string' || type === 'string[]') {
      const tail = type === 'string' ? encodeString(value as string) : encodeStrings(value as readonly string[]);
      heads.push(bigintToBytes(BigInt(tailAt), WORD));
      tails.push(tail);
      tailAt += tail.length;
    } else heads.push(encodeWord(type, value));
  });
  return concatBytes(...heads, ...tails);
}

/** Selector and arguments of a call. */
export function encodeCall(signature: string, types: readonly AbiType[], values: readonly AbiValue[]): Uint8Array {
  return concatBytes(fromHex(selectorOf(signature)), encodeAbi(types, values));
}

/** The values, or undefined when the bytes are not an encoding of these types. Never throws; work is bounded. */
export function decodeAbi(types: readonly AbiType[], data: Uint8Array): readonly AbiValue[] | undefined {
  const values: AbiValue[] = [];
  for (let i = 0; i < types.length; i++) {
    const type = types[i] as AbiType;
    const word = wordAt(data, i * WORD);
    if (word === undefined) return undefined;
    const value =
      type === 'string'
        ? decodeStringAt(data, offset(word))
        : type === 'string[]'
          ? decodeStringsAt(data, offset(word))
          : decodeWord(type, word);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function encodeWord(type: AbiType, value: AbiValue): Uint8Array {
  switch (type) {
    case 'address':
    case 'bytes32':
      return fromHex((value as string).padStart(2 * WORD, '0'));
    case 'bool':
      return bigintToBytes(value === true ? 1n : 0n, WORD);
    default:
      return bigintToBytes(BigInt.asUintN(256, value as bigint), WORD);
  }
}

function decodeWord(type: AbiType, word: Uint8Array): AbiValue | undefined {
  const number = bytesToBigint(word);
  switch (type) {
    case 'address':
      return number >> 160n === 0n ? bytesToHex(word.subarray(12)) : undefined;
    case 'bytes32':
      return bytesToHex(word);
    case 'bool':
      return number < 2n ? number === 1n : undefined;
    case 'int256':
      return BigInt.asIntN(256, number);
    default:
      return number;
  }
}

function encodeString(text: string): Uint8Array {
  const bytes = encodeUtf8(text);
  const content = new Uint8Array(Math.ceil(bytes.length / WORD) * WORD);
  content.set(bytes);
  return concatBytes(bigintToBytes(BigInt(bytes.length), WORD), content);
}

function encodeStrings(texts: readonly string[]): Uint8Array {
  const items = texts.map(encodeString);
  let at = texts.length * WORD;
  const heads = items.map((item) => {
    const head = bigintToBytes(BigInt(at), WORD);
    at += item.length;
    return head;
  });
  return concatBytes(bigintToBytes(BigInt(texts.length), WORD), ...heads, ...items);
}

function wordAt(data: Uint8Array, at: number): Uint8Array | undefined {
  return at >= 0 && at + WORD <= data.length ? data.subarray(at, at + WORD) : undefined;
}

/** Offset or length that can lie within call data; -1 for anything larger. */
function offset(word: Uint8Array | undefined): number {
  if (word === undefined) return -1;
  const value = bytesToBigint(word);
  return value < 0x1000_0000n ? Number(value) : -1;
}

function decodeStringAt(data: Uint8Array, at: number): string | undefined {
  const size = offset(wordAt(data, at));
  if (size < 0 || size > STRING_SIZE_MAX || at + WORD + size > data.length) return undefined;
  return decodeUtf8(data.subarray(at + WORD, at + WORD + size));
}

function decodeStringsAt(data: Uint8Array, at: number): readonly string[] | undefined {
  const count = offset(wordAt(data, at));
  if (count < 0 || count > LIST_COUNT_MAX) return undefined;
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const relative = offset(wordAt(data, at + WORD + i * WORD));
    const text = relative < 0 ? undefined : decodeStringAt(data, at + WORD + relative);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts;
}
