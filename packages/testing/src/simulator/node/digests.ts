/** Digests and trees as docs/spec/formats.md has them, written a second time. */
import { hash as digestOf } from 'node:crypto';
import { asciiBytes, concatBytes, fromHex, type HashHex } from '@hansa/primitives';
import type { ModelValidator } from './governance-model.ts';

export function sha256(bytes: Uint8Array): Uint8Array {
  return fromHex(digestOf('sha256', bytes, 'hex'));
}

/** FMT-4. */
export function tagged(tag: string, ...parts: readonly Uint8Array[]): HashHex {
  return digestOf('sha256', concatBytes(Uint8Array.of(tag.length), asciiBytes(tag), ...parts), 'hex') as HashHex;
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** FMT-40. */
export function setHash(validators: readonly ModelValidator[]): HashHex {
  return tagged(
    'hansa/validators/v1',
    u32(validators.length),
    ...validators.flatMap(({ nodeId, weight, organisation }) => [
      fromHex(nodeId),
      u32(weight),
      u32(organisation.length),
      asciiBytes(organisation),
    ]),
  );
}

/** FMT-7. */
export function treeRoot(tag: string, leaves: readonly Uint8Array[]): HashHex {
  let zero: Uint8Array = new Uint8Array(32);
  if (leaves.length === 0) return tagged(tag, u32(0), zero);
  // Zero subtrees: all leaves of the padding are zero, so their pairs are equal.
  let level: Uint8Array[] = [...leaves];
  while (level.length > 1) {
    if (level.length % 2 === 1) level.push(zero);
    const next: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2)
      next.push(sha256(concatBytes(level[i] as Uint8Array, level[i + 1] as Uint8Array)));
    level = next;
    zero = sha256(concatBytes(zero, zero));
  }
  return tagged(tag, u32(leaves.length), level[0] as Uint8Array);
}

/** STATE-2 to STATE-5: hashed keys and values of the whole state, in any order. */
export function stateRootOf(entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]): HashHex {
  const leaves = entries.map(({ key, value }) => {
    const [place, content] = [sha256(key), sha256(value)];
    return { place, digest: fromHex(tagged('hansa/state-leaf/v1', place, content)) };
  });
  const rootOf = (below: typeof leaves, depth: number): Uint8Array => {
    const [only] = below;
    if (only === undefined) return new Uint8Array(32);
    if (below.length === 1) return only.digest;
    const isRight = ({ place }: (typeof leaves)[number]): boolean =>
      (((place[depth >> 3] as number) >> (7 - (depth & 7))) & 1) === 1;
    const left = rootOf(
      below.filter((leaf) => !isRight(leaf)),
      depth + 1,
    );
    return sha256(concatBytes(left, rootOf(below.filter(isRight), depth + 1)));
  };
  return Array.from(rootOf(leaves, 0), (byte) => byte.toString(16).padStart(2, '0')).join('') as HashHex;
}
