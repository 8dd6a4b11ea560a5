import { until } from '../devnet.ts';
import { LIAR_PLAYS, type LiarPlay } from '../liar.ts';
import type { Consortium } from './consortium.ts';
import { GOOD_LINK, type LinkState } from './link-proxies.ts';

export type FaultKind =
  | 'kill'
  | 'kill many'
  | 'kill all'
  | 'pause'
  | 'cut off'
  | 'deaf or mute'
  | 'halves'
  | 'flapping'
  | 'slow links'
  | 'thin links'
  | 'clock within the skew'
  | 'clocks of all within the skew'
  | 'clock beyond the skew'
  | 'slow disk'
  | 'full disk'
  | 'liar';

/** One fault as it was drawn: nothing of it depends on what happens later. */
export type Fault = {
  readonly kind: FaultKind;
  readonly victims: readonly number[];
  readonly lastsMs: number;
  /** Milliseconds, by kind: of delay, of clock, of the disk; bytes per second of a thin link; which lies are told. */
  readonly size: number;
};

const WEIGHTS: Readonly<Record<FaultKind, number>> = {
  kill: 4,
  'kill many': 2,
  'kill all': 1,
  pause: 4,
  'cut off': 3,
  'deaf or mute': 2,
  halves: 2,
  flapping: 2,
  'slow links': 2,
  'thin links': 1,
  'clock within the skew': 1,
  'clocks of all within the skew': 1,
  'clock beyond the skew': 1,
  'slow disk': 2,
  'full disk': 1,
  liar: 3,
};
export const FAULT_KINDS: readonly FaultKind[] = Object.keys(WEIGHTS) as FaultKind[];

/** The chain's default of `hansa_clock_skew_ms`. */
const CLOCK_SKEW_MS = 3_000;
const FLAP_MS = 300;
/** 256 heights, a few in a second. */
const TERM_MS_MAX = 180_000;

/** The next fault of a seed. */
export function drawFault(chance: () => number, nodeCount: number, kinds: readonly FaultKind[] = FAULT_KINDS): Fault {
  const below = (limit: number): number => Math.floor(chance() * limit);
  const between = (least: number, most: number): number => least + below(most - least + 1);
  let left = below(kinds.reduce((sum, kind) => sum + WEIGHTS[kind], 0));
  const kind = kinds.find((each) => {
    left -= WEIGHTS[each];
    return left < 0;
  }) as FaultKind;
  const order = Array.from({ length: nodeCount }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  const tolerated = Math.floor((nodeCount - 1) / 3);
  const lastsMs = between(1_000, 10_000);
  const some = (count: number): readonly number[] => order.slice(0, count);
  switch (kind) {
    case 'kill':
      return { kind, victims: some(between(1, tolerated)), lastsMs, size: 0 };
    case 'kill many':
      return { kind, victims: some(tolerated + 1 + below(nodeCount - tolerated - 1)), lastsMs, size: 0 };
    case 'kill all':
    case 'clocks of all within the skew':
      // Each by its own part of it, to both sides.
      return { kind, victims: order, lastsMs: 1_000, size: Math.floor(CLOCK_SKEW_MS / 2) };
    case 'pause':
      return { kind, victims: some(between(1, tolerated)), lastsMs: between(100, 30_000), size: 0 };
    case 'halves':
      return { kind, victims: some(Math.floor(nodeCount / 2)), lastsMs, size: 0 };
    case 'slow links':
      return { kind, victims: order, lastsMs, size: between(20, 300) };
    case 'thin links':
      return { kind, victims: some(1), lastsMs, size: between(20_000, 100_000) };
    case 'clock within the skew':
      return { kind, victims: some(1), lastsMs, size: between(-CLOCK_SKEW_MS + 500, CLOCK_SKEW_MS - 500) };
    case 'clock beyond the skew':
      return { kind, victims: some(1), lastsMs, size: (below(2) === 0 ? -1 : 1) * between(10_000, 600_000) };
    case 'slow disk':
      return { kind, victims: below(2) === 0 ? some(1) : order, lastsMs, size: between(20, 150) };
    case 'liar':
      return { kind, victims: some(between(1, tolerated)), lastsMs: 2 * lastsMs, size: below(LIAR_PLAYS.length) };
    default:
      return { kind, victims: some(1), lastsMs, size: 0 };
  }
}

export function describeFault({ kind, victims, lastsMs, size }: Fault): string {
  const detail = kind === 'liar' ? playOf(size).name : size === 0 ? '' : String(size);
  return `${kind} · node ${victims.join(' ')} · ${(lastsMs / 1000).toFixed(1)} s${detail === '' ? '' : ` · ${detail}`}`;
}

const playOf = (size: number): LiarPlay => LIAR_PLAYS[size] as LiarPlay;

/** Whether the rest can go on without the victims. */
export function leavesQuorum({ kind, victims }: Fault, nodeCount: number): boolean {
  if (kind === 'slow links' || kind === 'thin links') return true;
  // Slow disks and other clocks begin with a restart.
  return victims.length <= Math.floor((nodeCount - 1) / 3);
}

/** Nodes that clients had better not ask meanwhile: they are gone, or have no way to the others. */
export function unreachable({ kind, victims }: Fault): readonly number[] {
  return kind === 'slow links' || kind === 'slow disk' || kind === 'thin links' || kind === 'halves' ? [] : victims;
}

export async function beginFault(net: Consortium, fault: Fault): Promise<() => void> {
  const { kind, victims, size } = fault;
  const nothing = (): void => undefined;
  switch (kind) {
    case 'kill':
    case 'kill many':
    case 'kill all':
      await Promise.all(victims.map((victim) => net.kill(victim)));
      return nothing;
    case 'pause':
      for (const victim of victims) net.signal(victim, 'SIGSTOP');
      return nothing;
    case 'cut off':
    case 'halves':
      crossLinks(net, victims, { ...GOOD_LINK, isCut: true }, 'both');
      return nothing;
    case 'deaf or mute':
      crossLinks(net, victims, { ...GOOD_LINK, isCut: true }, fault.lastsMs % 2 === 0 ? 'to' : 'from');
      return nothing;
    case 'flapping': {
      let isCut = false;
      const timer = setInterval(() => {
        isCut = !isCut;
        crossLinks(net, victims, { ...GOOD_LINK, isCut }, 'both');
      }, FLAP_MS);
      return () => clearInterval(timer);
    }
    case 'slow links':
      for (let from = 0; from < net.count; from++)
        for (let to = 0; to < net.count; to++) net.links.set(from, to, { ...GOOD_LINK, delayMs: size });
      return nothing;
    case 'thin links':
      crossLinks(net, victims, { ...GOOD_LINK, bytesPerSecond: size }, 'both');
      return nothing;
    case 'clock within the skew':
    case 'clock beyond the skew':
    case 'clocks of all within the skew':
      await Promise.all(victims.map((victim) => net.kill(victim)));
      for (const [i, victim] of victims.entries()) {
        const offset = victims.length === 1 ? size : Math.round(size * ((2 * i) / (victims.length - 1) - 1));
        net.start(victim, { env: preload(`const now = Date.now; Date.now = () => now() + ${offset};`) });
      }
      return nothing;
    case 'slow disk':
      await Promise.all(victims.map((victim) => net.kill(victim)));
      for (const victim of victims) net.start(victim, { env: preload(slowDisk(size)) });
      return nothing;
    case 'full disk':
      await Promise.all(victims.map((victim) => net.kill(victim)));
      for (const victim of victims) {
        net.start(victim, { fileSizeKibMax: 256 });
        // It ends by itself, sooner or later.
        net.expectedGone.add(victim);
      }
      return nothing;
    case 'liar':
      await Promise.all(victims.map((victim) => net.kill(victim)));
      await Promise.all(victims.map((victim) => net.startLiar(victim, playOf(size), fault.lastsMs + victim)));
      return nothing;
  }
}

/** Everything is good again; whoever was ended or changed is started anew. */
export async function endFault(net: Consortium, { kind, victims }: Fault, stop: () => void): Promise<void> {
  stop();
  net.links.heal();
  if (kind === 'pause') for (const victim of victims) net.signal(victim, 'SIGCONT');
  const isChanged = kind.startsWith('clock') || kind.endsWith('disk');
  if (isChanged) await Promise.all(victims.map((victim) => net.kill(victim)));
  if (kind === 'liar') await endLies(net, victims);
  if (isChanged || kind === 'liar' || kind.startsWith('kill')) for (const victim of victims) net.start(victim);
}

/**
 * What a liar has said binds its key until the term ends: others hold its VIEW-CHANGE for a view far away, and pass on
 * proposals that it would take for those of a second process. Until then it counts as faulty, and is away.
 */
async function endLies(net: Consortium, victims: readonly number[]): Promise<void> {
  await Promise.all(victims.map((victim) => net.kill(victim)));
  const honest = Array.from({ length: net.count }, (_, i) => i).find((index) => !victims.includes(index)) as number;
  const { term } = await net.statusOf(honest);
  await until(async () => (await net.statusOf(honest)).term > term, TERM_MS_MAX, `term ${term} ends`);
}

/** All links between the victims and the others. */
function crossLinks(
  net: Consortium,
  victims: readonly number[],
  state: LinkState,
  direction: 'both' | 'to' | 'from',
): void {
  for (let other = 0; other < net.count; other++) {
    if (victims.includes(other)) continue;
    for (const victim of victims) {
      if (direction !== 'from') net.links.set(other, victim, state);
      if (direction !== 'to') net.links.set(victim, other, state);
    }
  }
}

/** Runs before the program, in each of its threads. */
function preload(code: string): Record<string, string> {
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` };
}

/** Each sync of a file takes this much longer; data is written and synced as ever. */
function slowDisk(milliseconds: number): string {
  return `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
const sync = fs.fdatasync; fs.fdatasync = (fd, done) => setTimeout(() => sync(fd, done), ${milliseconds});
syncBuiltinESMExports();`;
}
