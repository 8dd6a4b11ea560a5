import { type AddressHex, fail, fromHex, type HashHex, type Height, ok, toHeight } from '@hansa/primitives';
import type { Parsed, Parser } from './param.ts';

const QUANTITY = /^0x[0-9a-fA-F]{1,64}$/;
const QUANTITY_SIZE_MAX = 66;
const HASH = /^0x[0-9a-fA-F]{64}$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;

/** A value of the caller's as it may stand in a message: short, and always a string. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return value.length > 80 ? `"${value.slice(0, 77)}…"` : `"${value}"`;
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : String(value);
}

/** Number of at most 256 bits in hex. Leading zeros are allowed, since some clients write them. */
export const parseQuantity: Parser<bigint> = (value) =>
  typeof value === 'string' && value.length <= QUANTITY_SIZE_MAX && QUANTITY.test(value)
    ? ok(BigInt(value))
    : fail(`a number in hex such as 0x1f was expected, got ${quote(value)}`);

/** As `parseQuantity`, or a JSON number: for the few places where clients write decimals. */
export function numberUpTo(most: number): Parser<number> {
  return (value) => {
    if (typeof value === 'number') {
      return Number.isSafeInteger(value) && value >= 0 && value <= most
        ? ok(value)
        : fail(`a whole number from 0 to ${most} was expected, got ${value}`);
    }
    const parsed = parseQuantity(value);
    if (!parsed.ok) return parsed;
    return parsed.value <= BigInt(most) ? ok(Number(parsed.value)) : fail(`at most ${most} is allowed`);
  };
}

export const parseHash: Parser<HashHex> = (value) =>
  typeof value === 'string' && value.length === 66 && HASH.test(value)
    ? ok(value.slice(2).toLowerCase() as HashHex)
    : fail(`32 bytes in hex were expected, got ${quote(value)}`);

export const parseAddress: Parser<AddressHex> = (value) =>
  typeof value === 'string' && value.length === 42 && ADDRESS.test(value)
    ? ok(value.slice(2).toLowerCase() as AddressHex)
    : fail(`an address of 20 bytes in hex was expected, got ${quote(value)}`);

/** Up to `sizeMax` bytes. */
export function bytesUpTo(sizeMax: number): Parser<Uint8Array> {
  return (value) => {
    if (typeof value !== 'string' || !value.startsWith('0x')) return fail(`bytes in hex were expected, got ${quote(value)}`);
    if (value.length > 2 + 2 * sizeMax) return fail(`at most ${sizeMax} bytes are allowed, got ${(value.length - 2) / 2}`);
    return BYTES.test(value) ? ok(fromHex(value.slice(2))) : fail(`bytes in hex were expected, got ${quote(value)}`);
  };
}

/** A storage slot: 32 bytes, or shorter as a number. */
export const parseSlot: Parser<HashHex> = (value) => {
  const parsed = parseQuantity(value);
  return parsed.ok
    ? ok(parsed.value.toString(16).padStart(64, '0') as HashHex)
    : fail(`a storage slot of at most 32 bytes in hex was expected, got ${quote(value)}`);
};

export const parseBoolean: Parser<boolean> = (value) =>
  typeof value === 'boolean' ? ok(value) : fail(`true or false was expected, got ${quote(value)}`);

export function listUpTo<T>(countMax: number, parse: Parser<T>): Parser<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return fail(`an array was expected, got ${quote(value)}`);
    if (value.length > countMax) return fail(`at most ${countMax} entries are allowed, got ${value.length}`);
    const items: T[] = [];
    for (const [index, entry] of value.entries()) {
      const parsed = parse(entry);
      if (!parsed.ok) return fail(`[${index}]: ${parsed.error}`);
      items.push(parsed.value);
    }
    return ok(items);
  };
}

/** A plain object of the caller's. Its prototype is JSON's, so a key such as `__proto__` is just a key. */
export const parseObject: Parser<Readonly<Record<string, unknown>>> = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? ok(value as Readonly<Record<string, unknown>>)
    : fail(`an object was expected, got ${quote(value)}`);

/** Member of an object that may be missing or null. */
export function memberOf<T>(
  object: Readonly<Record<string, unknown>>,
  name: string,
  parse: Parser<T>,
): Parsed<T | undefined> {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  if (value === undefined || value === null) return ok(undefined);
  const parsed = parse(value);
  return parsed.ok ? parsed : fail(`${name}: ${parsed.error}`);
}

/** Final is final: the tags other than `earliest` all mean the head (architecture, Ethereum's view). */
export const BLOCK_TAGS = ['latest', 'safe', 'finalized', 'earliest', 'pending'] as const;
export type BlockTag = (typeof BLOCK_TAGS)[number];

/** The block that a caller means. */
export type BlockChoice =
  | { readonly type: 'tag'; readonly tag: BlockTag }
  | { readonly type: 'height'; readonly height: Height }
  | { readonly type: 'hash'; readonly hash: HashHex };

export const LATEST: BlockChoice = { type: 'tag', tag: 'latest' };

/** A tag or a number. */
export const parseBlockNumber: Parser<BlockChoice> = (value) => {
  const tag = BLOCK_TAGS.find((name) => name === value);
  if (tag !== undefined) return ok({ type: 'tag', tag });
  const parsed = parseQuantity(value);
  if (!parsed.ok) return fail(`a block number in hex or one of ${BLOCK_TAGS.join(', ')} was expected, got ${quote(value)}`);
  if (parsed.value > BigInt(Number.MAX_SAFE_INTEGER)) return fail('block number larger than 2^53 - 1');
  return ok({ type: 'height', height: toHeight(Number(parsed.value)) });
};

/** A tag, a number, a hash, or an object of EIP-1898. */
export const parseBlock: Parser<BlockChoice> = (value) => {
  if (typeof value === 'string' && value.length === 66) {
    const hash = parseHash(value);
    return hash.ok ? ok({ type: 'hash', hash: hash.value }) : hash;
  }
  if (typeof value !== 'object') return parseBlockNumber(value);
  const object = parseObject(value);
  if (!object.ok) return object;
  const hash = memberOf(object.value, 'blockHash', parseHash);
  const number = memberOf(object.value, 'blockNumber', parseBlockNumber);
  if (!hash.ok) return hash;
  if (!number.ok) return number;
  if ((hash.value === undefined) === (number.value === undefined)) {
    return fail('either blockHash or blockNumber was expected');
  }
  return ok(number.value ?? { type: 'hash', hash: hash.value as HashHex });
};
