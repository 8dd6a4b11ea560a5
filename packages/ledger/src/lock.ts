import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { type LedgerError, ledgerError } from './errors.ts';

const LOCK_NAME = 'hansa.lock';

/** Who holds it. `start` tells a process from a later one with the same id. */
type Holder = { readonly pid: number; readonly start: string; readonly token: string };

export type WriterLock = {
  /** Removes it if it is still ours. */
  release(): void;
};

/**
 * Lets one writer into a directory (spec LED-6). LevelDB's own lock is kept beside it and decides between processes; ours also
 * keeps out a second writer in the same process, which LevelDB would let in (and an attempt of which would make it give
 * up its lock), and names the holder. A lock whose process is gone is taken over.
 * @throws ChainError LEDGER_LOCKED
 */
export function acquireWriterLock(location: string): WriterLock {
  mkdirSync(location, { recursive: true, mode: 0o700 });
  const file = join(location, LOCK_NAME);
  const mine: Holder = {
    pid: process.pid,
    start: startOf(process.pid) ?? '',
    token: `${process.pid}-${threadId}-${process.hrtime.bigint()}`,
  };
  const draft = `${file}.${mine.token}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    // Twice: once more after a stale lock was moved away. Linking fails when the name is there, so one caller wins.
    if (!tryLink(draft, file)) {
      const holder = readHolder(file);
      if (holder !== undefined && isAlive(holder)) throw lockedBy(location, holder.pid);
      moveAway(file, mine.token, holder);
      if (!tryLink(draft, file)) throw lockedBy(location, readHolder(file)?.pid);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    release: () => {
      if (readHolder(file)?.token === mine.token) rmSync(file, { force: true });
    },
  };
}

/** Process that has a lock on this ledger, for messages; undefined when there is none. */
export function lockHolderPid(location: string): number | undefined {
  const holder = readHolder(join(location, LOCK_NAME));
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
}

function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Another process may have taken over at the same time: what was moved must be what was judged. */
function moveAway(file: string, token: string, judged: Holder | undefined): void {
  const aside = `${file}.stale-${token}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved !== undefined && moved.token !== judged?.token) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function readHolder(file: string): Holder | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>;
    const isHolder =
      typeof value.pid === 'number' && typeof value.start === 'string' && typeof value.token === 'string';
    return isHolder ? (value as Holder) : undefined;
  } catch {
    // Not there, or torn by a power cut: in both cases nobody holds it.
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const start = startOf(holder.pid);
  return start === undefined || holder.start === '' || start === holder.start;
}

/** Boot and start time of a process (Linux: proc(5), field 22 of stat); undefined where the system does not say. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in brackets, may hold anything.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}-${ticks}`;
  } catch {
    return undefined;
  }
}

export function lockedBy(location: string, pid: number | undefined): LedgerError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return ledgerError({
    code: 'LEDGER_LOCKED',
    message: `the ledger ${location} is in use by ${who}`,
    remedy: `stop ${who}, or use a directory of its own`,
  });
}
