/** The clock of one simulated process: virtual time, and its own idea of what time it is. */
import type { Clock } from '@hansa/node';
import type { EventQueue } from '../event-queue.ts';
import { EPOCH_MS } from '../world.ts';

export type ProcessTime = {
  readonly queue: EventQueue;
  /** How far its clock is ahead. */
  offsetMs(): number;
  /** Runs later in this process, unless it is gone by then. */
  later(delayUs: number, run: () => void): void;
  defer(run: () => void): void;
};

export function createProcessClock({ queue, offsetMs, later, defer }: ProcessTime): Clock {
  return {
    nowMs: () => EPOCH_MS + queue.nowMs + offsetMs(),
    monotonicMs: () => queue.nowUs / 1_000,
    after: (delayMs, run) => {
      let isCancelled = false;
      later(1_000 * delayMs, () => {
        if (!isCancelled) run();
      });
      return () => {
        isCancelled = true;
      };
    },
    every: (intervalMs, run) => {
      let isCancelled = false;
      const next = (): void =>
        later(1_000 * intervalMs, () => {
          if (isCancelled) return;
          next();
          run();
        });
      next();
      return () => {
        isCancelled = true;
      };
    },
    defer,
  };
}
