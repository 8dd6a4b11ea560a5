import { assert } from '@hansa/primitives';
import type { CommitMessage, PrepareMessage, ProposalMessage, ResultMessage, Verified } from '@hansa/protocol';

export type BufferableMessage = ProposalMessage | PrepareMessage | CommitMessage | ResultMessage;
export type BufferedMessage = Verified<BufferableMessage>;

const KINDS = ['proposal', 'prepare', 'commit', 'result'] as const;

/** How often a sender's messages of a kind fill the queue within a period before no more of them are looked at. */
const FILLS_PER_PERIOD = 4;

/**
 * Messages of views and heights that are not yet mine (spec PBFT-R4). Bounded per sender and per kind, in space and in
 * work; the newest wins; never acted on before they apply. What is dropped is counted and comes again by resending.
 */
export class FutureBuffer {
  readonly #limit: number;
  readonly #periodTicks: number;
  readonly #intakes: Map<(typeof KINDS)[number], { readonly since: number; count: number }>[];
  readonly #queues: Map<(typeof KINDS)[number], BufferedMessage[]>[];
  #droppedCount = 0;
  #size = 0;

  /**
   * @param limit messages per sender and kind: twice the window
   * @param periodTicks in which `FILLS_PER_PERIOD` times as many are taken in
   */
  constructor(senderCount: number, limit: number, periodTicks: number) {
    this.#limit = limit;
    this.#periodTicks = periodTicks;
    this.#intakes = Array.from({ length: senderCount }, () => new Map());
    this.#queues = Array.from({ length: senderCount }, () => new Map());
  }

  get droppedCount(): number {
    return this.#droppedCount;
  }

  get size(): number {
    return this.#size;
  }

  /** Messages that it can hold at the most. */
  get capacity(): number {
    return this.#queues.length * KINDS.length * this.#limit;
  }

  holds(message: BufferableMessage): boolean {
    return this.#queues[message.sender]?.get(message.type)?.some((held) => isSame(held, message)) === true;
  }

  /** True when so many messages of this sender and kind came in this period that another one is not worth its signature. */
  isSpent({ sender, type }: BufferableMessage, now: number): boolean {
    const intake = this.#intakes[sender]?.get(type);
    return (
      intake !== undefined && now < intake.since + this.#periodTicks && intake.count >= FILLS_PER_PERIOD * this.#limit
    );
  }

  /** Messages that are held already, or of a sender who `isSpent`, MUST be refused before. */
  push(message: BufferedMessage, now: number): void {
    const { sender, type } = message;
    const [queues, intakes] = [this.#queues[sender], this.#intakes[sender]];
    assert(queues !== undefined && intakes !== undefined, `a sender of the term was expected, got index ${sender}`);
    const intake = intakes.get(type);
    if (intake !== undefined && now < intake.since + this.#periodTicks) intake.count++;
    else intakes.set(type, { since: now, count: 1 });
    const queue = queues.get(type) ?? [];
    queues.set(type, queue);
    if (queue.length >= this.#limit) {
      queue.shift();
      this.#droppedCount++;
      this.#size--;
    }
    queue.push(message);
    this.#size++;
  }

  /** Takes out all messages for which `test` holds, by sender, kind and arrival. */
  take(test: (message: BufferedMessage) => boolean): BufferedMessage[] {
    const taken: BufferedMessage[] = [];
    // It is asked at every step, and almost always empty.
    if (this.#size === 0) return taken;
    for (const queues of this.#queues) {
      for (const kind of KINDS) {
        const queue = queues.get(kind);
        if (queue === undefined || queue.length === 0) continue;
        taken.push(...queue.filter(test));
        queues.set(
          kind,
          queue.filter((message) => !test(message)),
        );
      }
    }
    this.#size -= taken.length;
    return taken;
  }
}

function isSame(a: BufferableMessage, b: BufferableMessage): boolean {
  if (heightOf(a) !== heightOf(b)) return false;
  if (a.type === 'result') return b.type === 'result' && a.blockHash === b.blockHash;
  return b.type !== 'result' && a.view === b.view && a.digest === b.digest;
}

/** Height that a vote or a proposal is about. */
export function heightOf(message: BufferableMessage): number {
  return message.type === 'proposal' ? message.proposal.height : message.height;
}
