import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deferWindowUpdates } from '../src/window-updates.ts';

const WINDOW = 256 * 1024;

/** The rule of @libp2p/yamux 8 for a receiver, and the window of its sender. */
class Receiver {
  recvWindow = WINDOW;
  recvWindowCapacity = WINDOW;
  sendCapacity = WINDOW;
  updateCount = 0;

  sendWindowUpdate(): void {
    if (this.recvWindowCapacity >= this.recvWindow) return;
    this.sendCapacity += this.recvWindow - this.recvWindowCapacity;
    this.recvWindowCapacity = this.recvWindow;
    this.updateCount++;
  }

  /** False: the sender has no room left for a single byte. */
  receive(size: number): boolean {
    for (let left = size; left > 0; ) {
      const part = Math.min(left, this.sendCapacity);
      if (part === 0) return false;
      this.sendCapacity -= part;
      this.recvWindowCapacity -= part;
      left -= part;
      this.sendWindowUpdate();
    }
    return true;
  }
}

describe('window updates', () => {
  it('a sender is never left without room, and hears of it once per half window instead of at each frame', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 1, maxLength: 50 }), (sizes) => {
        const plain = new Receiver();
        const deferred = new Receiver();
        deferWindowUpdates(deferred);
        for (const size of sizes) {
          expect(plain.receive(size)).toBe(true);
          expect(deferred.receive(size)).toBe(true);
          expect(deferred.sendCapacity).toBeGreaterThan(WINDOW / 2);
        }
        const total = sizes.reduce((sum, size) => sum + size, 0);
        expect(deferred.updateCount).toBeLessThanOrEqual(Math.ceil(total / (WINDOW / 2)));
        expect(deferred.updateCount).toBeLessThanOrEqual(plain.updateCount);
      }),
    );
  });

  it('a hundred small frames cause no update', () => {
    const receiver = new Receiver();
    deferWindowUpdates(receiver);
    for (let i = 0; i < 100; i++) receiver.receive(200);
    expect(receiver.updateCount).toBe(0);
  });

  it('an update that opens a stream passes, and so does every one of a stream whose window has another name', () => {
    let count = 0;
    const fresh = { recvWindow: WINDOW, recvWindowCapacity: WINDOW, sendWindowUpdate: () => void count++ };
    deferWindowUpdates(fresh);
    fresh.sendWindowUpdate();
    const other = { window: WINDOW, sendWindowUpdate: () => void count++ };
    deferWindowUpdates(other);
    other.sendWindowUpdate();
    expect(count).toBe(2);
  });
});
