import { setImmediate } from 'node:timers/promises';
import { compileHotCode } from '@hansa/executor';

/**
 * Compiles contracts that are called often, one after the other, in the turns of this thread that nobody else wants: requests
 * which have come go first after each step. A step takes some milliseconds; no block waits for a code.
 */
export function createBackgroundCompiler(): () => void {
  let isRunning = false;

  async function run(): Promise<void> {
    const pause = (): Promise<void> => setImmediate();
    do await pause();
    while (await compileHotCode(pause));
    isRunning = false;
  }

  return () => {
    if (isRunning) return;
    isRunning = true;
    void run();
  };
}
