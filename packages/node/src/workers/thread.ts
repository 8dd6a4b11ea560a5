import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Steps of niceness. The kernel gives a thread with 5 about a third of the time of one with 0 when both want all. */
const BACKGROUND_NICENESS = 5;

export type ThreadOptions = {
  /** At most 15 characters. */
  readonly name: string;
  /**
   * True for work that must give way to consensus: under overload new transactions and calls wait, not the ordering of
   * what was accepted before them.
   */
  readonly isBackground: boolean;
};

/**
 * Tells the system what the calling worker thread is: its name for `top -H`, its share of the processors. Only Linux
 * knows both per thread; elsewhere nothing happens.
 */
export function describeThread({ name, isBackground }: ThreadOptions): void {
  if (process.platform !== 'linux') return;
  try {
    writeFileSync('/proc/thread-self/comm', name);
    // Process 0 is the caller, and for Linux that is this thread alone.
    if (isBackground) setPriority(0, BACKGROUND_NICENESS);
  } catch {
    // No /proc, or a sandbox that forbids it: the node runs as well without.
  }
}
