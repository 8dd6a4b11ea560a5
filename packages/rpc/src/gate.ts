/** Lets so many tasks run at a time; others wait in line, as many as there is room for. */
export type Gate = {
  /** Undefined when there is no room to wait. */
  run<T>(task: () => Promise<T>): Promise<T> | undefined;
  waitingCount(): number;
};

export function createGate(options: { readonly runningMax: number; readonly waitingMax: number }): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;

  /** The place goes to the next in line, so that nobody can slip in before it. */
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }

  async function enter<T>(task: () => Promise<T>): Promise<T> {
    if (running >= options.runningMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await task();
    } finally {
      leave();
    }
  }

  return {
    run: (task) => {
      if (running >= options.runningMax && waiting.length >= options.waitingMax) return undefined;
      return enter(task);
    },
    waitingCount: () => waiting.length,
  };
}
