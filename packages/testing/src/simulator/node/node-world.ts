/** What all parts of one run of the full stack share: virtual time, chance, the trace, what was counted. */
import type { RuleId } from '@hansa/consensus';
import type { ConsensusDigests } from '@hansa/node';
import type { HashHex } from '@hansa/primitives';
import type { Genesis } from '@hansa/protocol';
import type { EventQueue } from '../event-queue.ts';
import type { CheckerName, Violation } from '../violation.ts';
import { RunEnded } from '../violation.ts';
import { TransactionChecker } from './node-crypto.ts';

export type NodeWorldParts = {
  readonly queue: EventQueue;
  readonly genesis: Genesis;
  readonly genesisHash: HashHex;
  readonly digests: ConsensusDigests;
  readonly writeTrace: ((line: string) => void) | undefined;
};

export class NodeWorld {
  readonly queue: EventQueue;
  readonly genesis: Genesis;
  readonly genesisHash: HashHex;
  readonly digests: ConsensusDigests;
  readonly transactions: TransactionChecker = new TransactionChecker();
  readonly counts: Map<string, number> = new Map();
  readonly rules: Map<RuleId, number> = new Map();
  /** Called when an event and all that follows from it at once are over. */
  readonly settled: (() => void)[] = [];
  /** How far a clock was ahead at any time of the run. */
  clockAheadMsMax = 0;
  violation: Violation | undefined;
  readonly #writeTrace: ((line: string) => void) | undefined;
  #deferred: (() => void)[] = [];
  #traceHash = 0;

  constructor(parts: NodeWorldParts) {
    this.queue = parts.queue;
    this.genesis = parts.genesis;
    this.genesisHash = parts.genesisHash;
    this.digests = parts.digests;
    this.#writeTrace = parts.writeTrace;
  }

  /** Digest over everything that happened: equal for equal seeds. */
  get traceHash(): number {
    return this.#traceHash >>> 0;
  }

  get isTraced(): boolean {
    return this.#writeTrace !== undefined;
  }

  mark(...values: readonly number[]): void {
    for (const value of values) this.#traceHash = Math.imul(this.#traceHash ^ value, 0x0100_0193) ^ (value >>> 7);
  }

  trace(line: () => string): void {
    this.#writeTrace?.(`${(this.queue.nowUs / 1_000_000).toFixed(6).padStart(11)} ${line()}`);
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  onRule(rule: RuleId): void {
    this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1);
  }

  /** Notes the first violation; the run ends when the event is over. */
  note(checker: CheckerName, detail: string): void {
    if (this.violation !== undefined) return;
    this.violation = { checker, detail, atMs: this.queue.nowMs };
    this.trace(() => `VIOLATION ${checker}: ${detail}`);
  }

  /** The same from within a function that cannot go on. */
  fail(checker: CheckerName, detail: string): never {
    this.note(checker, detail);
    throw new RunEnded(detail);
  }

  /**
   * Events up to this time, one after the other. Between two of them everything that the first one has caused without
   * waiting for time is done: promises are settled, and nothing but virtual time can wake the nodes.
   */
  async runUntil(timeUs: number, isDone: () => boolean = () => false): Promise<void> {
    for (;;) {
      const before = this.queue.ranCount;
      this.queue.runUntil(timeUs, () => true);
      if (this.queue.ranCount === before) return;
      await this.settle();
      if (this.violation !== undefined || isDone()) return;
    }
  }

  /** Runs as soon as what runs now has come to its end. */
  defer(run: () => void): void {
    this.#deferred.push(run);
  }

  async settle(): Promise<void> {
    await microtasksDone();
    while (this.#deferred.length > 0) {
      for (const run of this.#deferred.splice(0)) run();
      await microtasksDone();
    }
    for (const settled of this.settled) settled();
  }
}

/** All promises that could settle have. */
export function microtasksDone(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
