/** The overlay takes back exactly what was written since a checkpoint, and names exactly what differs in the end. */
import type { AddressHex } from '@hansa/primitives';
import {
  type AccountRecord,
  accountKey,
  EMPTY_CODE_HASH,
  encodeAccount,
  type StateKey,
  storageKey,
} from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateOverlay } from '../src/state-overlay.ts';
import { hex, MemoryState, wordOf } from './kit/chain.ts';

const ADDRESSES = ['aa', 'bb', 'cc'].map((pair) => pair.repeat(20) as AddressHex);
const SLOTS = [0n, 1n].map(wordOf);
const addressAt = (index: number): AddressHex => ADDRESSES[index] as AddressHex;

type Step =
  | { readonly type: 'account'; readonly at: number; readonly balance: bigint | undefined }
  | { readonly type: 'slot'; readonly at: number; readonly slot: number; readonly value: number | undefined }
  | { readonly type: 'checkpoint' | 'revert' | 'commit' | 'end' | 'read' };

const at = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('account' as const),
    at,
    balance: fc.option(fc.bigInt({ min: 0n, max: 3n }), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('slot' as const),
    at,
    slot: fc.nat(1),
    value: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  }),
  fc.record({
    type: fc.constantFrom('checkpoint' as const, 'revert' as const, 'commit' as const, 'end' as const, 'read' as const),
  }),
);

const recordOf = (balance: bigint): AccountRecord => ({ nonce: 0n, balance, codeHash: EMPTY_CODE_HASH });
const wordOfByte = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const KEYS: readonly StateKey[] = ADDRESSES.flatMap((address) => [
  accountKey(address),
  ...SLOTS.map((slot) => storageKey(address, slot)),
]);

const base = new MemoryState([
  [accountKey(addressAt(0)), encodeAccount(recordOf(1n))],
  [storageKey(addressAt(0), SLOTS[0] as never), wordOfByte(1)],
  [accountKey(addressAt(1)), encodeAccount(recordOf(2n))],
]);

describe('state overlay', () => {
  it('EXE-16: is at every moment what a copied map would be', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const overlay = new StateOverlay(base);
        let model = new Map(base.entries);
        let before = new Map(base.entries);
        const saved: { mark: number; model: Map<StateKey, Uint8Array> }[] = [];
        const set = (key: StateKey, value: Uint8Array | undefined): void => {
          if (value === undefined) model.delete(key);
          else model.set(key, value);
        };
        for (const next of steps) {
          if (next.type === 'account') {
            const record = next.balance === undefined ? undefined : recordOf(next.balance);
            overlay.setAccount(addressAt(next.at), record);
            set(accountKey(addressAt(next.at)), record === undefined ? undefined : encodeAccount(record));
          } else if (next.type === 'slot') {
            const slot = SLOTS[next.slot] as never;
            const value = next.value === undefined ? undefined : wordOfByte(next.value);
            overlay.setStorage(addressAt(next.at), slot, value);
            set(storageKey(addressAt(next.at), slot), value);
          } else if (next.type === 'checkpoint') saved.push({ mark: overlay.checkpoint(), model: new Map(model) });
          else if (next.type === 'commit') saved.pop();
          else if (next.type === 'revert') {
            const last = saved.pop();
            if (last === undefined) continue;
            overlay.revertTo(last.mark);
            model = last.model;
          } else if (next.type === 'end') {
            overlay.endTransaction();
            saved.length = 0;
            before = new Map(model);
          }
          for (const key of KEYS) expect(overlay.get(key)).toEqual(model.get(key));
          for (const address of ADDRESSES)
            for (const slot of SLOTS)
              expect(overlay.originalStorage(address, slot)).toEqual(before.get(storageKey(address, slot)));
        }
        const changed = KEYS.filter((key) => text(base.get(key)) !== text(model.get(key))).sort();
        expect(overlay.changes().map(({ key }) => key)).toEqual(changed);
        for (const { key, value } of overlay.changes()) expect(value).toEqual(model.get(key));
      }),
      { numRuns: 300 },
    );
  });

  it('clears the slots that a transaction wrote, and takes that back too', () => {
    const overlay = new StateOverlay(base);
    const [first, second] = SLOTS as [never, never];
    overlay.setStorage(addressAt(2), first, wordOfByte(1));
    const mark = overlay.checkpoint();
    overlay.setStorage(addressAt(2), second, wordOfByte(2));
    overlay.clearStorage(addressAt(2));
    expect(overlay.changes()).toEqual([]);
    overlay.revertTo(mark);
    expect(overlay.changes()).toEqual([{ key: storageKey(addressAt(2), first), value: wordOfByte(1) }]);
  });
});

const text = (value: Uint8Array | undefined): string => (value === undefined ? '' : hex(value));
