import type { CryptoSuite } from '@hansa/crypto';
import { assert, type Height } from '@hansa/primitives';
import type { BlockHeader, StateKey } from '@hansa/protocol';
import { damaged } from './errors.ts';
import { filterMayHold, hashTerm } from './filter.ts';
import { heightKey, stateEntryKey } from './keys.ts';
import { UndoRecord } from './records.ts';
import type { Store, StoreSnapshot } from './store.ts';
import type { StateSnapshot } from './types.ts';

/** Bytes of undo records that one snapshot keeps in memory. */
const UNDO_SIZE_MAX = 32 * 1024 * 1024;

/**
 * State after `header.height`, as seen from `headHeight` through a snapshot of the store (spec LED-9). A key that a block between
 * changed has the value that the first such block found; a filter per block says which need not be looked at.
 */
export function openStateSnapshot(
  dependencies: { readonly suite: CryptoSuite; readonly store: Store; readonly snapshot: StoreSnapshot },
  header: BlockHeader,
  headHeight: Height,
): StateSnapshot {
  const { store, snapshot } = dependencies;
  const undo = header.height < headHeight ? new UndoChain(store, snapshot, header.height, headHeight) : undefined;
  let isClosed = false;
  return {
    height: header.height,
    header,
    get(key) {
      assert(!isClosed, 'a state snapshot was expected to be open');
      const changed = undo?.find(key);
      return changed === undefined ? store.get(stateEntryKey(key), snapshot) : changed.previous;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await snapshot.close();
    },
  };
}

/** Keys that a block changed, ascending. @throws ChainError LEDGER_DAMAGED */
export function changedKeys(store: Store, snapshot: StoreSnapshot, height: Height): StateKey[] {
  const bytes = store.get(heightKey('undo', height), snapshot);
  if (bytes === undefined) throw damaged(`the undo record of height ${height} is missing`);
  const record = new UndoRecord(bytes);
  return Array.from({ length: record.count }, (_, index) => record.entryAt(index).key);
}

class UndoChain {
  readonly #store: Store;
  readonly #snapshot: StoreSnapshot;
  readonly #filters: { readonly height: number; readonly filter: Uint8Array }[] = [];
  readonly #records = new Map<number, UndoRecord>();
  #recordsSize = 0;

  constructor(store: Store, snapshot: StoreSnapshot, height: number, headHeight: number) {
    this.#store = store;
    this.#snapshot = snapshot;
    for (let above = height + 1; above <= headHeight; above++) {
      this.#filters.push({ height: above, filter: this.#read('undoFilter', above) });
    }
  }

  /** What the first block above changed of the key; undefined when none did. */
  find(key: StateKey): { readonly previous: Uint8Array | undefined } | undefined {
    const term = hashTerm(key);
    for (const { height, filter } of this.#filters) {
      if (!filterMayHold(filter, term)) continue;
      const entry = this.#recordAt(height).find(key);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #recordAt(height: number): UndoRecord {
    const known = this.#records.get(height);
    if (known !== undefined) return known;
    const record = new UndoRecord(this.#read('undo', height));
    if (this.#recordsSize + record.sizeBytes > UNDO_SIZE_MAX) {
      this.#records.clear();
      this.#recordsSize = 0;
    }
    this.#records.set(height, record);
    this.#recordsSize += record.sizeBytes;
    return record;
  }

  #read(table: 'undo' | 'undoFilter', height: number): Uint8Array {
    const bytes = this.#store.get(heightKey(table, height), this.#snapshot);
    if (bytes === undefined) throw damaged(`the ${table} record of height ${height} is missing`);
    return bytes;
  }
}
