/**
 * What a ledger lies on: records in memory beneath the ledger's own storage port. A batch is there as a whole or not at
 * all; what was not synced may be gone after a power cut, the newest first, as with LevelDB's log.
 */
import type { LedgerStorage, Store, StoreBatch, StoreEntry, StoreSnapshot, WriterLock } from '@hansa/ledger';
import { assert, ChainError } from '@hansa/primitives';
import type { Prng } from '../prng.ts';

type Change = { readonly key: string; readonly value: Uint8Array | undefined };
type Batch = readonly Change[];

/** The process to which an opened disk belongs. */
export type DiskProcess = {
  /** False after its power cut: nothing that it still does has an effect. */
  isAlive(): boolean;
  /** Where a power cut may strike. */
  boundary(operation: string): void;
  /** Runs later in this process, unless it is gone by then. */
  later(delayUs: number, run: () => void): void;
};

export type LedgerDiskEvents = {
  /** This batch survives a power cut from now on. */
  durable(changes: Batch): void;
};

export class LedgerDisk {
  /** Time that a synced write takes. */
  commitUs = 1_500;
  isFull = false;
  readonly #events: LedgerDiskEvents;
  /** What readers see, by the bytes of the key as characters. */
  #records: Map<string, Uint8Array> = new Map();
  /** Visible, not durable: each with what was there before it. */
  #unsynced: { readonly batch: Batch; readonly before: Batch }[] = [];
  /** On its way to the disk. */
  #writing: Batch | undefined;
  #snapshotCount = 0;
  #isMarked = false;
  #holder: DiskProcess | undefined;

  constructor(events: LedgerDiskEvents) {
    this.#events = events;
  }

  get records(): ReadonlyMap<string, Uint8Array> {
    return this.#records;
  }

  /** Power cut. A batch that was being written is there or not. */
  crash(chance: Prng): void {
    const kept = chance.below(this.#unsynced.length + 1);
    for (const { before } of this.#unsynced.splice(kept).reverse()) this.#apply(before);
    for (const { batch } of this.#unsynced.splice(0)) this.#events.durable(batch);
    if (this.#writing !== undefined && chance.chance(0.5)) {
      this.#apply(this.#writing);
      this.#events.durable(this.#writing);
    }
    this.#writing = undefined;
    this.#holder = undefined;
    this.#snapshotCount = 0;
  }

  wipe(): void {
    this.#records = new Map();
    this.#unsynced = [];
    this.#writing = undefined;
    this.#isMarked = false;
  }

  storageFor(process: DiskProcess): LedgerStorage {
    return {
      lock: (): WriterLock => {
        assert(this.#holder === undefined, 'one writer at a time was expected');
        this.#holder = process;
        return {
          release: () => {
            if (this.#holder === process) this.#holder = undefined;
          },
        };
      },
      open: async () => this.#storeFor(process),
      openExisting: async () => this.#storeFor(process),
      isMarkedCreated: () => this.#isMarked,
      markCreated: () => {
        if (process.isAlive()) this.#isMarked = true;
      },
    };
  }

  #storeFor(process: DiskProcess): Store {
    return {
      get: (key, snapshot) => recordsOf(snapshot, this.#records).get(nameOf(key))?.slice(),
      batch: () => this.#batch(process),
      iterate: (range, snapshot) => {
        const [from, to] = [nameOf(range.gte), nameOf(range.lt)];
        const entries = [...recordsOf(snapshot, this.#records)]
          .filter(([key]) => key >= from && key < to)
          .sort(([a], [b]) => (a < b ? -1 : 1));
        return {
          next: async (count) =>
            entries.splice(0, count).map(([key, value]): StoreEntry => ({ key: bytesOf(key), value: value.slice() })),
          close: async () => undefined,
        };
      },
      snapshot: () => this.#snapshot(),
      compact: async () => undefined,
      close: async () => undefined,
    };
  }

  /** A write while one is open leaves it its own copy. */
  #snapshot(): StoreSnapshot {
    this.#snapshotCount++;
    const records = this.#records;
    let isOpen = true;
    const snapshot: MapSnapshot = {
      records,
      close: async () => {
        if (isOpen) this.#snapshotCount--;
        isOpen = false;
      },
    };
    return snapshot;
  }

  #batch(process: DiskProcess): StoreBatch {
    const changes: Change[] = [];
    return {
      put: (key, value) => void changes.push({ key: nameOf(key), value: value.slice() }),
      del: (key) => void changes.push({ key: nameOf(key), value: undefined }),
      get entryCount() {
        return changes.length;
      },
      write: ({ sync }) => this.#write(process, changes, sync),
      discard: async () => undefined,
    };
  }

  #write(process: DiskProcess, batch: Batch, isSynced: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!process.isAlive()) return;
      process.boundary('ledger write');
      if (!process.isAlive()) return;
      if (this.isFull) {
        reject(new ChainError({ code: 'LEDGER_WRITE_FAILED', message: 'no room', remedy: 'make room' }));
        return;
      }
      if (!isSynced) {
        const before = batch.map(({ key }) => ({ key, value: this.#records.get(key) }));
        this.#unsynced.push({ batch, before });
        this.#apply(batch);
        resolve();
        return;
      }
      this.#writing = batch;
      process.later(this.commitUs, () => {
        this.#writing = undefined;
        for (const { batch: earlier } of this.#unsynced.splice(0)) this.#events.durable(earlier);
        this.#apply(batch);
        this.#events.durable(batch);
        process.boundary('ledger written');
        resolve();
      });
    });
  }

  #apply(batch: Batch): void {
    if (this.#snapshotCount > 0) {
      this.#records = new Map(this.#records);
      this.#snapshotCount = 0;
    }
    for (const { key, value } of batch) {
      if (value === undefined) this.#records.delete(key);
      else this.#records.set(key, value);
    }
  }
}

type MapSnapshot = StoreSnapshot & { readonly records: ReadonlyMap<string, Uint8Array> };

function recordsOf(
  snapshot: StoreSnapshot | undefined,
  present: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, Uint8Array> {
  return snapshot === undefined ? present : (snapshot as MapSnapshot).records;
}

function nameOf(key: Uint8Array): string {
  let name = '';
  for (const byte of key) name += String.fromCharCode(byte);
  return name;
}

export function bytesOf(name: string): Uint8Array {
  const bytes = new Uint8Array(name.length);
  for (let i = 0; i < name.length; i++) bytes[i] = name.charCodeAt(i);
  return bytes;
}
