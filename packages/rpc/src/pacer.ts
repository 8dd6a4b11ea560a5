/** Lets other work of the thread in between short calls that come in great numbers. */
export type Pacer = {
  /** Undefined: go on at once. Otherwise this turn of the event loop has had its share: go on when it resolves. */
  wait(): Promise<void> | undefined;
};

/** Milliseconds that calls may take of one turn; consensus and network wait meanwhile. */
const TURN_MS_MAX = 8;

export function createPacer(now: () => number = () => performance.now(), turnMsMax: number = TURN_MS_MAX): Pacer {
  let startedMs: number | undefined;

  function hasTime(): boolean {
    if (startedMs !== undefined) return now() - startedMs < turnMsMax;
    startedMs = now();
    setImmediate(() => {
      startedMs = undefined;
    });
    return true;
  }

  async function untilTime(): Promise<void> {
    do await new Promise<void>((resolve) => setImmediate(resolve));
    while (!hasTime());
  }

  return { wait: () => (hasTime() ? undefined : untilTime()) };
}
