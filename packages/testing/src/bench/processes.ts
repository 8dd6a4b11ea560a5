import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a process has used since it began, from /proc: CPU in seconds, resident memory in MB. Undefined elsewhere. */
export type ProcessUse = { readonly cpuSeconds: number; readonly residentMb: number };

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export function processUse(pid: number): ProcessUse | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const residentKb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
    return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, residentMb: residentKb / 1024 };
  } catch {
    return undefined;
  }
}
