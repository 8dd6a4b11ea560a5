import type { SignedTransaction } from '@hansa/protocol';
import type { AccountQueue } from './account-queue.ts';
import { type Entry, isPreferred } from './entry.ts';
import type { PoolIndex } from './pool-index.ts';
import type { Selection } from './ports.ts';

/** After so many transactions that no longer fit, the proposal counts as full. */
const MISFIT_COUNT_MAX = 32;

/** A transaction that may be next: a head of the heap (with its place), or the next of an account already selected. */
type Candidate = {
  readonly entry: Entry;
  readonly account: AccountQueue;
  readonly place: number;
  /** What the account's transactions before it in this selection may cost. */
  readonly costBefore: bigint;
};

/**
 * Content of a proposal. Walks the heap of heads from its top without changing it: O(k log k) for k transactions,
 * however many wait.
 */
export function selectTransactions(index: PoolIndex, selection: Selection): readonly SignedTransaction[] {
  const selected: SignedTransaction[] = [];
  const frontier: Candidate[] = [];
  pushHead(frontier, index, 0);
  let sizeBytes = 0;
  let gas = 0n;
  let misfitCount = 0;
  while (selected.length < selection.countMax && misfitCount < MISFIT_COUNT_MAX) {
    const candidate = popBest(frontier);
    if (candidate === undefined) break;
    const { entry, account, place, costBefore } = candidate;
    if (place >= 0) {
      pushHead(frontier, index, 2 * place + 1);
      pushHead(frontier, index, 2 * place + 2);
    }
    const { tx } = entry;
    if (tx.lastHeight !== undefined && tx.lastHeight < selection.height) continue;
    if (sizeBytes + tx.bytes.length > selection.sizeBytesMax || gas + tx.gasLimit > selection.gasMax) {
      misfitCount++;
      continue;
    }
    selected.push(tx);
    sizeBytes += tx.bytes.length;
    gas += tx.gasLimit;
    pushNext(frontier, index, { account, nonce: entry.nonce + 1, costBefore: costBefore + entry.cost });
  }
  return selected;
}

function pushHead(frontier: Candidate[], index: PoolIndex, place: number): void {
  const account = index.heads.at(place);
  if (account !== undefined) push(frontier, { entry: account.head as Entry, account, place, costBefore: 0n });
}

function pushNext(
  frontier: Candidate[],
  index: PoolIndex,
  next: { readonly account: AccountQueue; readonly nonce: number; readonly costBefore: bigint },
): void {
  const { account, nonce, costBefore } = next;
  if (nonce >= account.contiguousEnd) return;
  const entry = account.entries.get(nonce);
  if (entry === undefined || entry.cost + costBefore > account.balance - account.inFlightCost) return;
  if (index.blockedCause(entry, account) !== undefined) return;
  push(frontier, { entry, account, place: -1, costBefore });
}

function push(frontier: Candidate[], candidate: Candidate): void {
  let at = frontier.length;
  frontier.push(candidate);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = frontier[parentAt] as Candidate;
    if (!isPreferred(candidate.entry, parent.entry)) break;
    frontier[at] = parent;
    at = parentAt;
  }
  frontier[at] = candidate;
}

function popBest(frontier: Candidate[]): Candidate | undefined {
  const best = frontier[0];
  const last = frontier.pop();
  if (last === undefined || frontier.length === 0) return best;
  let at = 0;
  for (;;) {
    let childAt = 2 * at + 1;
    if (childAt >= frontier.length) break;
    if (
      childAt + 1 < frontier.length &&
      isPreferred((frontier[childAt + 1] as Candidate).entry, (frontier[childAt] as Candidate).entry)
    ) {
      childAt++;
    }
    const child = frontier[childAt] as Candidate;
    if (!isPreferred(child.entry, last.entry)) break;
    frontier[at] = child;
    at = childAt;
  }
  frontier[at] = last;
  return best;
}
