import { BlockList, isIP } from 'node:net';
import { assert } from '@hansa/primitives';

/** Which hosts this node talks to, as addresses or ranges: `10.1.0.0/16`, `192.0.2.7`, `2001:db8::/32`. Local. */
export type HostRules = {
  /** Empty: all hosts. */
  readonly allow: readonly string[];
  /** Comes before `allow`. */
  readonly deny: readonly string[];
};

const RANGE = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

type Range = { readonly address: string; readonly family: 'ipv4' | 'ipv6'; readonly prefix: number };

/** Rules of addresses: they can only narrow whom the registry admits (docs/spec/network.md, NET-20). */
export class HostFilter {
  readonly #allow: BlockList | undefined;
  readonly #deny: BlockList;

  /** @throws InvariantError on a text that is no range: see `isHostRange` */
  constructor({ allow, deny }: HostRules) {
    this.#allow = allow.length === 0 ? undefined : listOf(allow);
    this.#deny = listOf(deny);
  }

  /** @param host a literal address; a name, which nothing is known of, is permitted unless there is a list of those allowed */
  permits(host: string): boolean {
    const address = MAPPED.exec(host)?.[1] ?? host;
    const version = isIP(address);
    if (version === 0) return this.#allow === undefined;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    return !this.#deny.check(address, family) && (this.#allow?.check(address, family) ?? true);
  }
}

/** Whether a text is an address or a range of addresses. */
export const isHostRange = (text: string): boolean => rangeOf(text) !== undefined;

function rangeOf(text: string): Range | undefined {
  const [, address = '', prefix] = RANGE.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  return length > bits ? undefined : { address, family: version === 4 ? 'ipv4' : 'ipv6', prefix: length };
}

function listOf(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const range = rangeOf(text);
    assert(range !== undefined, `an address or a range of addresses was expected, got "${text}"`);
    list.addSubnet(range.address, range.prefix, range.family);
  }
  return list;
}
