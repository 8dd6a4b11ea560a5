import { ethereumCrypto } from '@hansa/crypto';
import { asciiBytes, bigintToBytes, bytesToBigint, bytesToHex, concatBytes, fromHex } from '@hansa/primitives';
import { decodeUtf8, encodeUtf8 } from '@hansa/protocol';

/** The part of Solidity's contract ABI that system contracts speak (EXE-32). */
export type AbiElement =
  | 'uint8'
  | 'uint32'
  | 'uint256'
  | 'int256'
  | 'address'
  | 'bool'
  | 'bytes4'
  | 'bytes32'
  | 'string'
  | 'bytes';
/** A tuple is written as its types in brackets. */
export type AbiType = AbiElement | `${AbiElement}[]` | `(${string})` | `(${string})[]`;
/** Numbers: bigint; address: 40 hex digits; bytes4, bytes32: 8 and 64 hex digits; bytes: themselves; lists and tuples: lists. */
export type AbiValue = bigint | string | boolean | Uint8Array | readonly AbiValue[];

const WORD = 32;
/** Items of a list in a call; more is refused before anything is read. */
const LIST_COUNT_MAX = 64;
/** Bytes of a text, and of `bytes` within a list. */
const STRING_SIZE_MAX = 16_384;
/** Bytes of `bytes` that stand alone: a message of the largest transaction fits. */
const BYTES_SIZE_MAX = 131_072;

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
  let tailAt = types.reduce((sum, type) => sum + headSizeOf(type), 0);
  types.forEach((type, index) => {
    const encoded = encodeValue(type, values[index] as AbiValue);
    if (isDynamic(type)) {
      heads.push(wordOf(BigInt(tailAt)));
      tails.push(encoded);
      tailAt += encoded.length;
    } else heads.push(encoded);
  });
  return concatBytes(...heads, ...tails);
}

/** Selector and arguments of a call. */
export function encodeCall(signature: string, types: readonly AbiType[], values: readonly AbiValue[]): Uint8Array {
  return concatBytes(fromHex(selectorOf(signature)), encodeAbi(types, values));
}

/** Types of the arguments of a signature: `f(string,(uint8,string)[])` has two. */
export function argumentTypes(signature: string): readonly AbiType[] {
  return splitTypes(signature.slice(signature.indexOf('(') + 1, -1));
}

/** The values, or undefined when the bytes are not an encoding of these types. Never throws; work is bounded. */
export function decodeAbi(types: readonly AbiType[], data: Uint8Array): readonly AbiValue[] | undefined {
  return decodeTuple(types, data, { base: 0, isNested: false });
}

type Place = { readonly base: number; readonly isNested: boolean };

function decodeTuple(types: readonly AbiType[], data: Uint8Array, { base, isNested }: Place): AbiValue[] | undefined {
  const values: AbiValue[] = [];
  let headAt = base;
  for (const type of types) {
    let at = headAt;
    if (isDynamic(type)) {
      const relative = lengthAt(data, headAt);
      if (relative < 0) return undefined;
      at = base + relative;
    }
    const value = decodeValue(type, data, { base: at, isNested });
    if (value === undefined) return undefined;
    values.push(value);
    headAt += headSizeOf(type);
  }
  return values;
}

/** The depth of recursion is that of the type, which is ours. */
function decodeValue(type: AbiType, data: Uint8Array, { base, isNested }: Place): AbiValue | undefined {
  const item = itemTypeOf(type);
  if (item !== undefined) {
    const count = lengthAt(data, base);
    if (count < 0 || count > LIST_COUNT_MAX) return undefined;
    const types = Array.from({ length: count }, () => item);
    return decodeTuple(types, data, { base: base + WORD, isNested: true });
  }
  if (isTuple(type)) return decodeTuple(componentsOf(type), data, { base, isNested });
  if (type !== 'string' && type !== 'bytes') {
    const word = wordAt(data, base);
    return word === undefined ? undefined : decodeWord(type as AbiElement, word);
  }
  const sizeMax = type === 'bytes' && !isNested ? BYTES_SIZE_MAX : STRING_SIZE_MAX;
  const size = lengthAt(data, base);
  if (size < 0 || size > sizeMax || base + WORD + size > data.length) return undefined;
  const content = data.slice(base + WORD, base + WORD + size);
  return type === 'bytes' ? content : decodeUtf8(content);
}

function encodeValue(type: AbiType, value: AbiValue): Uint8Array {
  const item = itemTypeOf(type);
  if (item !== undefined) {
    const items = value as readonly AbiValue[];
    const types = items.map(() => item);
    return concatBytes(wordOf(BigInt(items.length)), encodeAbi(types, items));
  }
  if (isTuple(type)) return encodeAbi(componentsOf(type), value as readonly AbiValue[]);
  if (type === 'string') return encodeContent(encodeUtf8(value as string));
  if (type === 'bytes') return encodeContent(value as Uint8Array);
  return encodeWord(type as AbiElement, value);
}

function itemTypeOf(type: AbiType): AbiType | undefined {
  return type.endsWith('[]') ? (type.slice(0, -2) as AbiType) : undefined;
}

const isTuple = (type: AbiType): boolean => type.startsWith('(') && type.endsWith(')');
const componentsOf = (type: AbiType): readonly AbiType[] => splitTypes(type.slice(1, -1));

/** Splits at the commas that stand in no bracket. */
function splitTypes(text: string): readonly AbiType[] {
  const types: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (text[at] === ',' && depth === 0) {
      types.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return (text === '' ? [] : [...types, text.slice(start)]) as AbiType[];
}

function isDynamic(type: AbiType): boolean {
  if (type === 'string' || type === 'bytes' || type.endsWith('[]')) return true;
  return isTuple(type) && componentsOf(type).some(isDynamic);
}

function headSizeOf(type: AbiType): number {
  if (isDynamic(type) || !isTuple(type)) return WORD;
  return componentsOf(type).reduce((sum, component) => sum + headSizeOf(component), 0);
}

function encodeWord(type: AbiElement, value: AbiValue): Uint8Array {
  switch (type) {
    case 'address':
    case 'bytes32':
      return fromHex((value as string).padStart(2 * WORD, '0'));
    case 'bytes4':
      return fromHex((value as string).padEnd(2 * WORD, '0'));
    case 'bool':
      return wordOf(value === true ? 1n : 0n);
    default:
      return wordOf(BigInt.asUintN(256, value as bigint));
  }
}

/** Undefined: the word is above its type, as Solidity refuses it too. */
function decodeWord(type: AbiElement, word: Uint8Array): AbiValue | undefined {
  const number = bytesToBigint(word);
  const within = (bits: bigint): bigint | undefined => (number >> bits === 0n ? number : undefined);
  switch (type) {
    case 'address':
      return within(160n) === undefined ? undefined : bytesToHex(word.subarray(12));
    case 'bytes32':
      return bytesToHex(word);
    case 'bytes4':
      return word.subarray(4).every((byte) => byte === 0) ? bytesToHex(word.subarray(0, 4)) : undefined;
    case 'bool':
      return number < 2n ? number === 1n : undefined;
    case 'int256':
      return BigInt.asIntN(256, number);
    case 'uint8':
      return within(8n);
    case 'uint32':
      return within(32n);
    default:
      return number;
  }
}

const wordOf = (value: bigint): Uint8Array => bigintToBytes(value, WORD);

function encodeContent(bytes: Uint8Array): Uint8Array {
  const content = new Uint8Array(Math.ceil(bytes.length / WORD) * WORD);
  content.set(bytes);
  return concatBytes(wordOf(BigInt(bytes.length)), content);
}

function wordAt(data: Uint8Array, at: number): Uint8Array | undefined {
  return at >= 0 && at + WORD <= data.length ? data.subarray(at, at + WORD) : undefined;
}

/** Offset or length that can lie within call data; -1 for anything larger. */
function lengthAt(data: Uint8Array, at: number): number {
  const word = wordAt(data, at);
  if (word === undefined) return -1;
  for (let i = 0; i < WORD - 4; i++) if (word[i] !== 0) return -1;
  const value = new DataView(word.buffer, word.byteOffset).getUint32(WORD - 4);
  return value < 0x1000_0000 ? value : -1;
}
