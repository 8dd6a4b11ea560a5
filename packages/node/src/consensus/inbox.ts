import { BoundedQueue, type NodeId } from '@hansa/primitives';
import type { PbftMessage } from '@hansa/protocol';
import type { ConsensusPacket } from './ports.ts';

type Kind = 'order' | 'view' | 'certificate' | 'status' | 'request' | 'answer' | 'incarnation';

/** Packets that wait per peer and kind. A flood of one kind from one peer displaces nothing else. */
const LIMITS: Readonly<Record<Kind, number>> = {
  // 8 heights of PROPOSAL, PREPARE, COMMIT and RESULT, resent a few times while the process was busy.
  order: 256,
  view: 16,
  certificate: 32,
  status: 4,
  request: 32,
  answer: 32,
  incarnation: 8,
};
const PEERS_MAX = 512;

export type Received = { readonly from: NodeId; readonly packet: ConsensusPacket };

/** Bounded per peer and kind; what does not fit evicts the oldest of its kind and peer, and is counted. */
export class Inbox {
  readonly #queues: Map<string, BoundedQueue<Received>> = new Map();
  #size = 0;
  #dropped = 0;

  get size(): number {
    return this.#size;
  }

  get droppedCount(): number {
    return this.#dropped;
  }

  /** False when something was dropped for it. */
  push(from: NodeId, packet: ConsensusPacket): boolean {
    const kind = kindOf(packet);
    const key = `${kind}/${from}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      if (this.#queues.size >= PEERS_MAX * Object.keys(LIMITS).length) return this.#drop();
      queue = new BoundedQueue(LIMITS[kind]);
      this.#queues.set(key, queue);
    }
    // The newest message of a sender says more than its oldest.
    if (queue.pushEvictingOldest({ from, packet }) !== undefined) return this.#drop();
    this.#size++;
    return true;
  }

  /** Takes at most `count`, one of each queue in turn, so that nobody waits behind a loud peer. */
  drain(count: number): Received[] {
    const taken: Received[] = [];
    while (taken.length < count && this.#size > 0) {
      for (const [key, queue] of this.#queues) {
        const item = queue.shift();
        if (item === undefined) {
          this.#queues.delete(key);
          continue;
        }
        this.#size--;
        taken.push(item);
        if (taken.length >= count) {
          // The next drain begins behind this queue.
          this.#queues.delete(key);
          this.#queues.set(key, queue);
          break;
        }
      }
    }
    return taken;
  }

  clear(): void {
    this.#queues.clear();
    this.#size = 0;
  }

  #drop(): false {
    this.#dropped++;
    return false;
  }
}

function kindOf(packet: ConsensusPacket): Kind {
  switch (packet.type) {
    case 'pbft':
      return kindOfMessage(packet.message);
    case 'incarnation':
    case 'incarnation-stored':
    case 'incarnation-held':
      return 'incarnation';
    case 'final-height-request':
    case 'proposal-request':
    case 'transaction-request':
      return 'request';
    case 'final-height':
    case 'proposals':
    case 'transactions':
      return 'answer';
  }
}

function kindOfMessage(message: PbftMessage): Kind {
  switch (message.type) {
    case 'proposal':
    case 'prepare':
    case 'commit':
    case 'result':
      return 'order';
    case 'suspect':
    case 'view-change':
    case 'new-view':
      return 'view';
    case 'prepared-certificate':
    case 'commit-certificate':
      return 'certificate';
    case 'status':
      return 'status';
  }
}
