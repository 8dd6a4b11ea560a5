import type { LedgerReader } from '@hansa/ledger';
import { compareText, type Height, type NodeId } from '@hansa/primitives';
import {
  decodeStateChanges,
  encodeStateChanges,
  STATE_CHANGES_COUNT_MAX,
  STATE_CHANGES_SIZE_MAX,
  type StateChange,
  type SyncFrame,
} from '@hansa/protocol';
import type { ServeBudgets } from '@hansa/sync';

/** Ids from here on are of such questions; the sync machine counts its own from 1. */
const FIRST_ID = 0x8000_0000;
/** Ticks of 100 ms that a peer has for its answer. */
const ANSWER_TICKS_MAX = 50;

type Asked = {
  readonly peer: NodeId;
  readonly requestId: number;
  ticks: number;
  readonly resolve: (changes: readonly StateChange[] | undefined) => void;
};

export type ChangesFetch = {
  addPeer(peer: NodeId): void;
  removePeer(peer: NodeId): void;
  isAnswer(requestId: number): boolean;
  /** `changes` undefined: the peer does not have them. What was not asked for is ignored. */
  onAnswer(from: NodeId, requestId: number, changes: Uint8Array | undefined): void;
  onTick(): void;
  /** One peer after the other until one answers; the next call begins with the peer after that one. One at a time. */
  fetch(height: Height): Promise<readonly StateChange[] | undefined>;
  /** Whoever waits gets undefined. */
  stop(): void;
};

/** Asks peers what a block changed of the state (spec SYNC-14). `send` is false when the peer cannot be reached. */
export function createChangesFetch(send: (to: NodeId, frame: SyncFrame) => boolean): ChangesFetch {
  const peers = new Set<NodeId>();
  let nextId = FIRST_ID;
  let asked: Asked | undefined;
  let last = '';
  let isStopped = false;

  function settle(changes: readonly StateChange[] | undefined): void {
    const waiting = asked;
    asked = undefined;
    waiting?.resolve(changes);
  }

  function ask(peer: NodeId, height: Height): Promise<readonly StateChange[] | undefined> {
    const requestId = nextId;
    nextId = nextId === 0xffff_ffff ? FIRST_ID : nextId + 1;
    return new Promise((resolve) => {
      asked = { peer, requestId, ticks: 0, resolve };
      const frame = { requestId, request: undefined, response: undefined, changesRequest: height };
      if (!send(peer, frame)) settle(undefined);
    });
  }

  return {
    addPeer: (peer) => void peers.add(peer),
    removePeer: (peer) => {
      peers.delete(peer);
      if (asked?.peer === peer) settle(undefined);
    },
    isAnswer: (requestId) => requestId >= FIRST_ID,
    onAnswer: (from, requestId, changes) => {
      if (asked?.peer !== from || asked.requestId !== requestId) return;
      const decoded = changes === undefined ? undefined : decodeStateChanges(changes);
      settle(decoded?.ok === true ? decoded.value : undefined);
    },
    onTick: () => {
      if (asked !== undefined && ++asked.ticks > ANSWER_TICKS_MAX) settle(undefined);
    },
    fetch: async (height) => {
      const order = [...peers].sort(compareText);
      const behind = order.filter((peer) => peer > last);
      for (const peer of [...behind, ...order.slice(0, order.length - behind.length)]) {
        if (isStopped || asked !== undefined) return undefined;
        last = peer;
        const changes = await ask(peer, height);
        if (changes !== undefined) return changes;
      }
      return undefined;
    },
    stop: () => {
      isStopped = true;
      settle(undefined);
    },
  };
}

/** The answer to such a question; one with nothing but its id when it is not to be had (spec SYNC-14). */
export function changesAnswer(
  reader: LedgerReader,
  question: {
    readonly from: NodeId;
    readonly requestId: number;
    readonly height: number;
    readonly budgets: ServeBudgets;
  },
): SyncFrame {
  const { from, requestId, height, budgets } = question;
  const nothing = { requestId, request: undefined, response: undefined };
  if (!budgets.mayServe(from)) return nothing;
  const found = reader.changesAt(height as Height);
  if (!found.ok || found.value.length > STATE_CHANGES_COUNT_MAX) return nothing;
  const changes = encodeStateChanges(found.value);
  if (changes.length > STATE_CHANGES_SIZE_MAX) return nothing;
  budgets.spend(from, changes.length);
  return { ...nothing, changes };
}
