/** The file of the pool's journal on a disk that forgets: what was not synced is torn at a power cut. */
import type { JournalFile } from '@hansa/node';
import { concatBytes } from '@hansa/primitives';
import type { Prng } from '../prng.ts';
import type { DiskProcess } from './ledger-disk.ts';

export class JournalDisk {
  syncUs = 500;
  #durable: Uint8Array = new Uint8Array(0);
  #unsynced: Uint8Array = new Uint8Array(0);

  /** What survives a power cut. */
  get durable(): Uint8Array {
    return this.#durable;
  }

  crash(chance: Prng): void {
    const kept = this.#unsynced.subarray(0, chance.below(this.#unsynced.length + 1));
    this.#durable = concatBytes(this.#durable, kept);
    this.#unsynced = new Uint8Array(0);
  }

  wipe(): void {
    this.#durable = new Uint8Array(0);
    this.#unsynced = new Uint8Array(0);
  }

  /** Nothing that a process does after its power cut comes to an end. */
  fileFor(process: DiskProcess): JournalFile {
    const after = (delayUs: number, run: () => void): Promise<void> =>
      new Promise((resolve) => {
        if (!process.isAlive()) return;
        process.later(delayUs, () => {
          process.boundary('journal');
          if (!process.isAlive()) return;
          run();
          process.boundary('journal');
          resolve();
        });
      });
    return {
      name: 'pool.journal',
      read: async () => concatBytes(this.#durable, this.#unsynced),
      truncate: (sizeBytes) =>
        after(0, () => {
          this.#durable = this.#durable.slice(0, sizeBytes);
        }),
      append: (bytes) =>
        after(0, () => {
          this.#unsynced = concatBytes(this.#unsynced, bytes);
        }),
      sync: () =>
        after(this.syncUs, () => {
          this.#durable = concatBytes(this.#durable, this.#unsynced);
          this.#unsynced = new Uint8Array(0);
        }),
      replace: (bytes) =>
        after(this.syncUs, () => {
          this.#durable = bytes.slice();
          this.#unsynced = new Uint8Array(0);
        }),
      close: async () => undefined,
    };
  }
}
