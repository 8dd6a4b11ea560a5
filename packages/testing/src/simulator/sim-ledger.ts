/** The stand-in for ledger, execution results and sync of one node: what is final here, and what waits to become so. */
import { assert, type HashHex, type Height, type NodeId } from '@hansa/primitives';
import type { Proposal } from '@hansa/protocol';
import type { SimBlock, SimState } from './sim-chain.ts';
import type { World } from './world.ts';

/** What the ledger needs of its node. */
export type LedgerOwner = {
  readonly world: World;
  /** A block is final here now; the ledger survives a crash. */
  appended(block: SimBlock): void;
  /** It was imported, not committed by consensus. */
  imported(): void;
  askBlocks(from: NodeId, above: number): void;
};

export const SYNC_BATCH = 16;
const ASK_INTERVAL_US = 100_000;

export class SimLedger {
  readonly blocks: SimBlock[] = [];
  readonly #owner: LedgerOwner;
  #results: Map<number, { readonly digest: HashHex; readonly state: SimState }> = new Map();
  #askedUs = -1_000_000;

  constructor(owner: LedgerOwner) {
    this.#owner = owner;
  }

  get state(): SimState {
    return this.blocks.at(-1)?.state ?? this.#owner.world.genesis;
  }

  get height(): number {
    return this.blocks.length;
  }

  /** Power cut: what was executed and not committed is gone. */
  forgetResults(): void {
    this.#results = new Map();
  }

  /** `undefined` when the height is final already. */
  execute(height: Height, proposal: Proposal, digest: HashHex, fault: string): HashHex | undefined {
    if (height <= this.height) return undefined;
    const parent = height === this.height + 1 ? this.state : this.#results.get(height - 1)?.state;
    assert(parent !== undefined, `execution of ${height} before its parent`);
    const state = this.#owner.world.execute(parent, proposal, digest, fault);
    this.#results.set(height, { digest, state });
    return state.blockHash;
  }

  /** Makes an executed height final; false when sync was faster. */
  commit(block: Omit<SimBlock, 'state'>): boolean {
    const { height } = block.proposal;
    if (height <= this.height) return false;
    const result = this.#results.get(height);
    assert(result?.state.blockHash === block.certificate.blockHash, `commit of ${height} without its result`);
    this.#append({ ...block, state: result.state });
    return true;
  }

  askSync(from: NodeId): void {
    const { nowUs } = this.#owner.world.queue;
    if (nowUs - this.#askedUs < ASK_INTERVAL_US) return;
    this.#askedUs = nowUs;
    this.#owner.askBlocks(from, this.height);
  }

  /** What sync does: certificate against the own set, re-execution, equal hash, one durable write. */
  import(from: NodeId, blocks: readonly SimBlock[]): void {
    const { world } = this.#owner;
    let imported = 0;
    for (const { proposal, digest, certificate } of blocks) {
      if (proposal.height !== this.height + 1) continue;
      if (!world.verifyCertificate(certificate, proposal.height, this.state.term)) return;
      const state = world.execute(this.state, proposal, digest);
      if (state.blockHash !== certificate.blockHash) return;
      this.#append({ proposal, digest, state, certificate });
      imported++;
      this.#owner.imported();
    }
    if (imported < SYNC_BATCH) return;
    this.#askedUs = -1_000_000;
    this.askSync(from);
  }

  #append(block: SimBlock): void {
    assert(block.proposal.height === this.height + 1, 'the ledger grows by one height after the other');
    this.blocks.push(block);
    this.#results.delete(block.proposal.height);
    this.#owner.appended(block);
  }
}
