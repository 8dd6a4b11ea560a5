import type { AddressHex, HashHex, Height } from '@hansa/primitives';
import { LOG_TOPIC_COUNT_MAX } from '@hansa/protocol';
import type { LogFacts, RpcBackend } from './backend.ts';
import { heightOfTag } from './block-reference.ts';
import { invalidParams, RPC_CODES, RpcRefusal } from './errors.ts';
import { addressOf, hashOf, isAbsent, listOf, objectOf } from './params.ts';

const ADDRESS_COUNT_MAX = 1_000;
const TOPIC_CHOICE_COUNT_MAX = 1_000;

/** What logs are looked for, without where. */
export type LogPattern = {
  /** Empty matches every address. */
  readonly addresses: readonly AddressHex[];
  readonly topics: readonly (readonly HashHex[] | undefined)[];
};

export type LogRange = { readonly fromHeight: Height; readonly toHeight: Height };

export function logPatternOf(value: unknown): LogPattern {
  const filter = isAbsent(value) ? {} : objectOf(value, 'filter');
  const { address, topics } = filter;
  const addresses = isAbsent(address) ? [] : Array.isArray(address) ? address : [address];
  const places = isAbsent(topics) ? [] : listOf(topics, 'filter.topics', LOG_TOPIC_COUNT_MAX);
  return {
    addresses: listOf(addresses, 'filter.address', ADDRESS_COUNT_MAX).map((item) => addressOf(item, 'filter.address')),
    topics: places.map((place) => {
      if (isAbsent(place)) return undefined;
      if (!Array.isArray(place)) return [hashOf(place, 'filter.topics')];
      // An empty list, and null in a list, match anything, as in go-ethereum.
      if (place.length === 0 || place.some(isAbsent)) return undefined;
      return listOf(place, 'filter.topics', TOPIC_CHOICE_COUNT_MAX).map((item) => hashOf(item, 'filter.topics'));
    }),
  };
}

export function matchesLog(pattern: LogPattern, log: Pick<LogFacts, 'address' | 'topics'>): boolean {
  if (pattern.addresses.length > 0 && !pattern.addresses.includes(log.address)) return false;
  return pattern.topics.every((choices, place) => {
    if (choices === undefined) return place < log.topics.length;
    const topic = log.topics[place];
    return topic !== undefined && choices.includes(topic);
  });
}

/** Undefined: nothing can be in it. @throws RpcRefusal */
export function logRangeOf(value: unknown, backend: RpcBackend): LogRange | undefined {
  const { blockHash, fromBlock, toBlock } = isAbsent(value) ? ({} as never) : objectOf(value, 'filter');
  if (!isAbsent(blockHash)) {
    if (!isAbsent(fromBlock) || !isAbsent(toBlock)) {
      throw invalidParams('filter must have blockHash, or fromBlock and toBlock, not both');
    }
    const height = backend.heightOfHash(hashOf(blockHash, 'filter.blockHash'));
    if (height === undefined) throw new RpcRefusal(RPC_CODES.refused, 'unknown block');
    return { fromHeight: height, toHeight: height };
  }
  const from = heightOfTag(fromBlock, backend, 'filter.fromBlock');
  const to = heightOfTag(toBlock, backend, 'filter.toBlock') ?? backend.head().height;
  if (from === undefined) return undefined;
  if (from > to) throw invalidParams(`invalid block range: fromBlock ${from} is above toBlock ${to}`);
  return { fromHeight: from, toHeight: to };
}
