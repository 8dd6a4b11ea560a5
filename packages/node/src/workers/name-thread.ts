import { writeFileSync } from 'node:fs';

/**
 * Gives the calling thread its name where the system has a place for it (Linux, 15 characters), so that `top -H` and
 * the bench show which part of the node uses the CPU. Elsewhere nothing happens.
 */
export function nameThread(name: string): void {
  try {
    writeFileSync('/proc/thread-self/comm', name);
  } catch {
    // No /proc: names are a convenience.
  }
}
