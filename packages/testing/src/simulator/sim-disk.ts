/** A disk that forgets: what was not synced may be gone, whole, torn or zeroed after a crash. */
import { type Pending, type VoteFile, VoteStoreError } from '@hansa/node';
import type { Prng } from './prng.ts';

export type DiskEvents = {
  /** Before and after each operation: where a crash may strike by throwing. */
  boundary(operation: string): void;
  /** `bytes` at the end of copy `name` are safe now (`isWhole`: they are its whole content). */
  durable(name: string, bytes: Uint8Array, isWhole: boolean): void;
};

export class SimDisk {
  readonly files: readonly SimFile[];
  isFull = false;

  constructor(events: DiskEvents) {
    this.files = [new SimFile('a', this, events), new SimFile('b', this, events)];
  }

  /** Power cut. What happens to unsynced bytes is drawn; both copies were being written at once. */
  crash(chance: Prng): void {
    const inFlight = this.files.find((file) => file.unsynced.length > 0)?.unsynced;
    for (const file of this.files) file.crash(chance, inFlight);
  }

  wipe(): void {
    for (const file of this.files) file.wipe();
  }

  /** One flipped bit of one copy. */
  damage(chance: Prng): void {
    chance.pick(this.files).damage(chance);
  }

  copy(): readonly (Uint8Array | undefined)[] {
    return this.files.map((file) => file.content());
  }

  restore(copies: readonly (Uint8Array | undefined)[]): void {
    this.files.forEach((file, index) => {
      file.restore(copies[index]);
    });
  }
}

export class SimFile implements VoteFile {
  readonly name: string;
  readonly #disk: SimDisk;
  readonly #events: DiskEvents;
  #durable: Uint8Array[] | undefined;
  unsynced: Uint8Array[] = [];

  constructor(name: string, disk: SimDisk, events: DiskEvents) {
    this.name = name;
    this.#disk = disk;
    this.#events = events;
  }

  read(): Uint8Array | undefined {
    return this.content();
  }

  append(bytes: Uint8Array): Pending {
    this.#events.boundary('append');
    if (this.#disk.isFull) {
      this.unsynced.push(bytes.slice(0, bytes.length >> 1));
      throw new VoteStoreError({ code: 'VOTE_STORE_FULL', message: 'no room', remedy: 'make room' });
    }
    this.unsynced.push(bytes);
    this.#events.boundary('written');
    return undefined;
  }

  sync(): Pending {
    for (const bytes of this.unsynced) {
      this.#durable?.push(bytes);
      this.#events.durable(this.name, bytes, false);
    }
    this.unsynced = [];
    this.#events.boundary('synced');
    return undefined;
  }

  replace(bytes: Uint8Array): Pending {
    this.#events.boundary('replace');
    if (this.#disk.isFull)
      throw new VoteStoreError({ code: 'VOTE_STORE_FULL', message: 'no room', remedy: 'make room' });
    this.#durable = [bytes];
    this.unsynced = [];
    this.#events.durable(this.name, bytes, true);
    this.#events.boundary('replaced');
    return undefined;
  }

  close(): void {
    this.unsynced = [];
  }

  content(): Uint8Array | undefined {
    if (this.#durable === undefined) return undefined;
    const size = this.#durable.reduce((sum, part) => sum + part.length, 0);
    const whole = new Uint8Array(size);
    let at = 0;
    for (const part of this.#durable) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  crash(chance: Prng, inFlight: readonly Uint8Array[] | undefined): void {
    // The other copy was written at the same time, unless it had been synced already.
    const unsynced = this.unsynced.length > 0 ? this.unsynced : (inFlight ?? []);
    const isBehind = inFlight !== undefined && this.#endsWith(inFlight) === false;
    this.unsynced = [];
    if (!isBehind || this.#durable === undefined) return;
    for (const bytes of unsynced) {
      const fate = chance.below(4);
      const cut = chance.below(bytes.length + 1);
      if (fate === 0) break;
      if (fate === 1) {
        this.#durable.push(bytes.slice(0, cut));
        break;
      }
      const kept = bytes.slice();
      if (fate === 2) kept.fill(0, cut);
      this.#durable.push(kept);
    }
  }

  wipe(): void {
    this.#durable = undefined;
    this.unsynced = [];
  }

  damage(chance: Prng): void {
    const whole = this.content();
    if (whole === undefined || whole.length === 0) return;
    const at = chance.below(whole.length);
    whole[at] = (whole[at] as number) ^ (1 << chance.below(8));
    this.#durable = [whole];
  }

  restore(content: Uint8Array | undefined): void {
    this.#durable = content === undefined ? undefined : [content.slice()];
    this.unsynced = [];
  }

  #endsWith(parts: readonly Uint8Array[]): boolean {
    const last = parts.at(-1);
    return last !== undefined && this.#durable?.at(-1) === last;
  }
}
