import { type AddressHex, compareText, type HashHex } from '@hansa/primitives';
import type { AccessListEntry } from '@hansa/protocol';

/** All entries of both lists, each address and slot once, ascending. */
export function mergeAccessLists(a: readonly AccessListEntry[], b: readonly AccessListEntry[]): AccessListEntry[] {
  const slots = new Map<AddressHex, Set<HashHex>>();
  for (const { address, storageKeys } of [...a, ...b]) {
    const known = slots.get(address) ?? new Set<HashHex>();
    for (const key of storageKeys) known.add(key);
    slots.set(address, known);
  }
  return [...slots]
    .map(([address, keys]) => ({ address, storageKeys: [...keys].sort(compareText) }))
    .sort((x, y) => compareText(x.address, y.address));
}
