import { assert } from '@hansa/primitives';
import type { CommitMessage, PrepareMessage, ProposalMessage, ResultMessage, Verified } from '@hansa/protocol';

export type BufferedMessage = Verified<ProposalMessage | PrepareMessage | CommitMessage | ResultMessage>;

const KINDS = ['proposal', 'prepare', 'commit', 'result'] as const;

/**
 * Messages of views and heights that are not yet mine (spec PBFT-R4). Bounded per sender and per kind; the newest
 * wins; never acted on before they apply. What is dropped is counted and comes again by resending.
 */
export class FutureBuffer {
  readonly #limit: number;
  readonly #queues: Map<(typeof KINDS)[number], BufferedMessage[]>[];
  #droppedCount = 0;
  #size = 0;

  /** @param limit messages per sender and kind: twice the window */
  constructor(senderCount: number, limit: number) {
    this.#limit = limit;
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

  push(message: BufferedMessage): void {
    const queues = this.#queues[message.sender];
    assert(queues !== undefined, `a sender of the term was expected, got index ${message.sender}`);
    const queue = queues.get(message.type) ?? [];
    queues.set(message.type, queue);
    if (queue.some((held) => isSame(held, message))) return;
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

function isSame(a: BufferedMessage, b: BufferedMessage): boolean {
  if (heightOf(a) !== heightOf(b)) return false;
  if (a.type === 'result') return b.type === 'result' && a.blockHash === b.blockHash;
  return b.type !== 'result' && a.view === b.view && a.digest === b.digest;
}

/** Height that a vote or a proposal is about. */
export function heightOf(message: ProposalMessage | PrepareMessage | CommitMessage | ResultMessage): number {
  return message.type === 'proposal' ? message.proposal.height : message.height;
}
