import { assert, type Height, type NodeId } from '@hansa/primitives';

/** A block as the ledger keeps it, each part in its canonical encoding. */
export type StoredBlock = {
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  readonly certificate: Uint8Array;
};

/** Where blocks are read from. */
export type SyncReader = {
  /** Height of the last final block. */
  height(): Height;
  /** undefined when this node does not have it. The bytes are not changed. */
  block(height: Height): StoredBlock | undefined | Promise<StoredBlock | undefined>;
};

export type SyncRequest = { readonly from: Height; readonly to: Height };

export type SyncAnswer =
  | { readonly type: 'blocks'; readonly blocks: readonly StoredBlock[]; readonly sizeBytes: number }
  /** This node has nothing from there on. */
  | { readonly type: 'unavailable' }
  /** The peer has used up what it may be served for now. */
  | { readonly type: 'busy' };

/** Bytes of an answer at the most, unless its only block is larger. */
const ANSWER_SIZE_MAX = 1024 * 1024;
/** Blocks of an answer at the most. */
const ANSWER_COUNT_MAX = 128;

/**
 * Blocks in answer to a request, ascending from `from`, as many as fit an answer;
 * the first one always, so that a block above the size can be had too (SYNC-11). Reads one block at a time.
 */
export async function serveBlocks(
  request: SyncRequest,
  reader: SyncReader,
  budget: { readonly peer: NodeId; readonly budgets: ServeBudgets },
): Promise<SyncAnswer> {
  const { from, to } = request;
  const last = Math.min(to, reader.height(), from + ANSWER_COUNT_MAX - 1);
  if (from < 1 || from > last) return { type: 'unavailable' };
  if (!budget.budgets.mayServe(budget.peer)) return { type: 'busy' };
  const blocks: StoredBlock[] = [];
  let sizeBytes = 0;
  for (let height = from; height <= last; height++) {
    const block = await reader.block(height);
    if (block === undefined) break;
    const blockSize = block.header.length + block.body.length + block.certificate.length;
    if (blocks.length > 0 && sizeBytes + blockSize > ANSWER_SIZE_MAX) break;
    blocks.push(block);
    sizeBytes += blockSize;
  }
  if (blocks.length === 0) return { type: 'unavailable' };
  budget.budgets.spend(budget.peer, sizeBytes);
  return { type: 'blocks', blocks, sizeBytes };
}

/**
 * Bytes that each peer may still be served, refilled with each tick. A peer may go below zero once: then it waits.
 * Bounded by `peerCountMax`, above it nobody new is served.
 */
export class ServeBudgets {
  readonly #bytesPerTick: number;
  readonly #bytesMax: number;
  readonly #peerCountMax: number;
  readonly #spent: Map<NodeId, number> = new Map();

  constructor(
    options: { readonly bytesPerTick?: number; readonly bytesMax?: number; readonly peerCountMax?: number } = {},
  ) {
    this.#bytesPerTick = options.bytesPerTick ?? 1024 * 1024;
    this.#bytesMax = options.bytesMax ?? 8 * 1024 * 1024;
    this.#peerCountMax = options.peerCountMax ?? 256;
    assert(this.#bytesPerTick > 0 && this.#bytesMax > 0, 'budgets must be positive');
  }

  mayServe(peer: NodeId): boolean {
    const spent = this.#spent.get(peer);
    return spent === undefined ? this.#spent.size < this.#peerCountMax : spent < this.#bytesMax;
  }

  spend(peer: NodeId, sizeBytes: number): void {
    this.#spent.set(peer, (this.#spent.get(peer) ?? 0) + sizeBytes);
  }

  /** 100 ms have passed. */
  tick(): void {
    for (const [peer, spent] of [...this.#spent]) {
      if (spent <= this.#bytesPerTick) this.#spent.delete(peer);
      else this.#spent.set(peer, spent - this.#bytesPerTick);
    }
  }
}
