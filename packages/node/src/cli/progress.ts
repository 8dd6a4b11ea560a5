import type { Output } from './output.ts';

const WIDTH = 30;
const SHOW_MS = 200;

export type Progress = { show(stage: string, count: number, total: number): void; end(): void };

/** A bar on a terminal; silent elsewhere and with --json. */
export function createProgress(output: Output): Progress {
  const isShown = process.stderr.isTTY === true && !output.json;
  let shownAtMs = 0;
  return {
    show: (stage, count, total) => {
      const now = performance.now();
      if (!isShown || (now - shownAtMs < SHOW_MS && count < total)) return;
      shownAtMs = now;
      const done = total === 0 ? WIDTH : Math.floor((count / total) * WIDTH);
      process.stderr.write(
        `\r\u001b[K${stage.padEnd(7)} [${'='.repeat(done)}${' '.repeat(WIDTH - done)}] ${count}/${total}`,
      );
    },
    end: () => {
      if (isShown) process.stderr.write('\r\u001b[K');
    },
  };
}
