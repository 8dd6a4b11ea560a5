import type { CounterName, NetworkCounters, NetworkDependencies } from './types.ts';

const NAMES: readonly CounterName[] = [
  'refused',
  'dialFailed',
  'closed',
  'connected',
  'framesSent',
  'framesReceived',
  'bytesSent',
  'bytesReceived',
  'framesEvicted',
  'framesRefused',
  'framesOverRate',
];

/** Counts since start; labels come from the fixed lists of reasons and channels, so the table is bounded. */
export class Counters {
  readonly #tables = new Map<CounterName, Map<string, number>>(NAMES.map((name) => [name, new Map()]));
  readonly #onCount: NetworkDependencies['onCount'];

  constructor(onCount: NetworkDependencies['onCount']) {
    this.#onCount = onCount;
  }

  count(name: CounterName, label: string, by = 1): void {
    const table = this.#tables.get(name) as Map<string, number>;
    table.set(label, (table.get(label) ?? 0) + by);
    this.#onCount?.(name, label, by);
  }

  snapshot(): NetworkCounters {
    return Object.fromEntries(
      [...this.#tables].map(([name, table]) => [name, Object.fromEntries(table)]),
    ) as NetworkCounters;
  }
}
