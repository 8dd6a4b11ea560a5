import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a process has used since it began, from /proc: CPU in seconds, whole and by thread, resident memory in MB. */
export type ProcessUse = {
  readonly cpuSeconds: number;
  readonly residentMb: number;
  /** By the thread's name; those of one name are added up. `node` is the main thread, its helpers are `runtime`. */
  readonly byThread: ReadonlyMap<string, number>;
};

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Undefined where there is no /proc, or no such process any more. */
export function processUse(pid: number): ProcessUse | undefined {
  try {
    const byThread = new Map<string, number>();
    let cpuSeconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      const fields = stat.replace(/^.*\) /s, '').split(' ');
      const seconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
      const comm = /\((.*)\)/s.exec(stat)?.[1] ?? '';
      const name = comm.startsWith('hansa-')
        ? comm.slice('hansa-'.length)
        : Number(thread) === pid
          ? 'main'
          : 'runtime';
      byThread.set(name, (byThread.get(name) ?? 0) + seconds);
      cpuSeconds += seconds;
    }
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return { cpuSeconds, byThread, residentMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024 };
  } catch {
    return undefined;
  }
}

/** Bytes of all files below a folder. */
export function sizeOfFolder(folder: string): number {
  let size = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // A database may remove a file while it is looked at.
    if (entry.isDirectory()) size += sizeOfFolder(path);
    else size += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return size;
}
