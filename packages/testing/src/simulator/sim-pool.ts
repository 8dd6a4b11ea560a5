/** The stand-in pool: every transaction is executable once, oldest first; it tells what consensus wants to know. */
import type { PbftStatus, PoolState } from '@hansa/consensus';
import type { ProposalTransactions, TransactionCheck } from '@hansa/node';
import { bytesToHex, fromHex, type HashHex, type NodeId } from '@hansa/primitives';
import type { Proposal } from '@hansa/protocol';
import type { SimBlock } from './sim-chain.ts';
import type { World } from './world.ts';

type CheckRequest = Parameters<ProposalTransactions['check']>[0];

/** Bytes of a transaction are its hash: content-addressed, and nothing to sign. */
export class SimPool {
  readonly #world: World;
  /** When each came; in order of arrival. */
  readonly #waiting: Map<HashHex, number> = new Map();
  readonly #known: Set<HashHex> = new Set();
  readonly #connectedUs: Map<NodeId, number> = new Map();
  #onChain: Set<HashHex> | undefined;
  #state: PoolState = { hasExecutable: false, hasWaiting: false, overtakenIn: undefined };
  #isStale = true;
  #overtaken: { readonly hash: HashHex; readonly at: NonNullable<PoolState['overtakenIn']> } | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** False when it was known. */
  add(hash: HashHex, blocks: readonly SimBlock[]): boolean {
    this.#onChain ??= new Set(blocks.flatMap((block) => block.proposal.transactionHashes));
    if (this.#waiting.has(hash) || this.#onChain.has(hash)) return false;
    this.#known.add(hash);
    this.#waiting.set(hash, this.#world.queue.nowUs);
    this.#isStale = true;
    return true;
  }

  /** For a proposal; not offered again by this pool. */
  admit(raw: readonly Uint8Array[]): void {
    for (const bytes of raw) this.#known.add(bytesToHex(bytes) as HashHex);
  }

  raw(hashes: readonly HashHex[]): Uint8Array[] {
    return hashes.filter((hash) => this.#known.has(hash)).map((hash) => fromHex(hash));
  }

  waiting(): HashHex[] {
    return [...this.#waiting.keys()].slice(0, 100);
  }

  onCommitted(proposal: Proposal): void {
    for (const hash of proposal.transactionHashes) {
      this.#waiting.delete(hash);
      this.#onChain?.add(hash);
    }
    this.#isStale = true;
  }

  /** It was sent everything that waits; what counts as overtaken counts from here. */
  onConnected(peer: NodeId): void {
    this.#connectedUs.set(peer, this.#world.queue.nowUs);
  }

  onTick(): void {
    if (this.#waiting.size > 0) this.#isStale = true;
  }

  select(
    ancestors: readonly Proposal[],
    countMax: number,
    isLeftOut: (hash: HashHex) => boolean,
  ): readonly HashHex[] | undefined {
    if (this.#waiting.size === 0) return undefined;
    const taken = new Set(ancestors.flatMap((proposal) => proposal.transactionHashes));
    const chosen: HashHex[] = [];
    for (const hash of this.#waiting.keys()) {
      if (chosen.length >= countMax) break;
      if (!taken.has(hash) && !isLeftOut(hash)) chosen.push(hash);
    }
    return chosen.length === 0 ? undefined : chosen;
  }

  check(request: CheckRequest, status: PbftStatus | undefined, nowUs: number): TransactionCheck {
    const { transactionHashes } = request.proposal;
    const missing = transactionHashes.filter((hash) => !this.#known.has(hash));
    if (request.mode === 'availability') {
      return missing.length === 0 ? { type: 'valid' } : { type: 'missing', hashes: missing };
    }
    if (transactionHashes.length > request.term.parameters.txCountLimit) {
      return { type: 'invalid', reason: 'too many transactions' };
    }
    const taken = new Set(request.ancestors.flatMap((proposal) => proposal.transactionHashes));
    for (const hash of transactionHashes) {
      if (taken.has(hash) || this.#onChain?.has(hash) === true) {
        return { type: 'invalid', reason: 'a transaction comes twice' };
      }
      taken.add(hash);
    }
    if (missing.length > 0) return { type: 'missing', hashes: missing };
    this.#judgeOrder(request, status, nowUs);
    return { type: 'valid' };
  }

  /** What changed; `undefined` when nothing did. */
  refresh(status: PbftStatus | undefined, inFlight: () => readonly Proposal[]): PoolState | undefined {
    if (!this.#isStale && status === undefined) return undefined;
    this.#isStale = false;
    let executable = 0;
    let overtakenIn: PoolState['overtakenIn'];
    if (this.#waiting.size > 0) {
      const taken = new Set(inFlight().flatMap((proposal) => proposal.transactionHashes));
      for (const hash of this.#waiting.keys()) {
        if (taken.has(hash)) continue;
        executable++;
        if (hash === this.#overtaken?.hash) overtakenIn = this.#overtaken.at;
      }
    }
    const next = { hasExecutable: executable > 0, hasWaiting: executable > 0, overtakenIn };
    const { hasExecutable, overtakenIn: before } = this.#state;
    const isSame = next.hasExecutable === hasExecutable && before === overtakenIn;
    this.#state = next;
    return isSame ? undefined : next;
  }

  /** Spec PBFT-V2: what is left lying while younger ones are taken has been overtaken. */
  #judgeOrder({ proposal, ancestors, term }: CheckRequest, status: PbftStatus | undefined, nowUs: number): void {
    if (status === undefined || status.view !== proposal.view || status.term !== proposal.term) return;
    const taken = new Set([proposal, ...ancestors].flatMap(({ transactionHashes }) => transactionHashes));
    let youngest = 0;
    for (const hash of proposal.transactionHashes) youngest = Math.max(youngest, this.#waiting.get(hash) ?? 0);
    const limitUs = youngest - 2_000 * term.parameters.viewTimeoutBaseMs;
    const reachedUs = this.#connectedUs.get(status.primary) ?? 0;
    // A primary that has just come back knows the younger ones of its own side first.
    if (limitUs <= reachedUs || nowUs < limitUs) return;
    for (const [hash, arrivedUs] of this.#waiting) {
      if (arrivedUs >= limitUs) break;
      if (taken.has(hash)) continue;
      this.#overtaken = { hash, at: { term: proposal.term, view: proposal.view } };
      this.#isStale = true;
      return;
    }
  }
}
