import type { HashHex, Height } from '@hansa/primitives';
import type { ChainParameters, LeftOut } from '@hansa/protocol';
import type { AccountQueue } from './account-queue.ts';
import type { Entry } from './entry.ts';
import type { OrderedProposals } from './ordered-proposals.ts';
import type { PoolIndex } from './pool-index.ts';
import type { CommittedFacts, EndedTransaction } from './ports.ts';
import { validateParameters } from './validate-stateless.ts';

/** Left out so often although it looked executable here: this pool is missing something, and stops proposing it. */
const LEFT_OUT_COUNT_MAX = 3;

export type CommitDependencies = {
  readonly index: PoolIndex;
  readonly proposals: OrderedProposals;
  /** Takes an entry out; `undefined`: it is final. */
  readonly end: (entry: Entry, ended: EndedTransaction | undefined) => void;
  /** A transaction that is not in the pool is final: what is remembered of its end here is wrong. */
  readonly forget: (hash: HashHex) => void;
  /** Entries whose last height has come; each is given once. */
  readonly expiredEntries: () => readonly Entry[];
  readonly parameters: ChainParameters;
};

/** Takes up a final block: what it executed, left out, changed, and what can no longer be ordered after it. */
export function commitFacts(facts: CommittedFacts, dependencies: CommitDependencies): void {
  const { index, proposals, end } = dependencies;
  const touched = new Set<AccountQueue>();
  for (const height of proposals.heights((marked) => marked <= facts.height)) {
    for (const tx of proposals.drop(height).all) {
      const entry = index.byHash.get(tx.hash);
      if (entry?.orderedHeight === height) index.setOrdered(entry, undefined);
      touched.add(index.account(tx.sender));
    }
  }
  for (const { address, ...account } of facts.accounts) {
    const known = index.find(address);
    if (known === undefined) continue;
    known.setFacts(account);
    touched.add(index.account(address));
  }
  for (const executed of facts.executed) {
    const entry = index.byHash.get(executed.hash);
    const account = index.find(executed.sender);
    if (account !== undefined) touched.add(index.account(executed.sender));
    if (entry !== undefined) end(entry, undefined);
    else {
      dependencies.forget(executed.hash);
      const other = account?.entries.get(Number(executed.nonce));
      if (other !== undefined) end(other, { type: 'replaced', hash: other.tx.hash, by: executed.hash });
    }
  }
  for (const leftOut of facts.leftOut) {
    const entry = index.byHash.get(leftOut.hash);
    if (entry === undefined) continue;
    touched.add(index.account(entry.tx.sender));
    takeLeftOut(entry, { leftOut, height: facts.height }, end);
  }
  for (const entry of dependencies.expiredEntries()) {
    if (entry.isGone) continue;
    touched.add(index.account(entry.tx.sender));
    end(entry, expiredEnd(entry, facts));
  }
  for (const account of touched) endPassedNonces(account, facts, end);
  for (const account of touched) {
    account.dropInFlight((height) => height <= facts.height);
    index.settle(account);
  }
  if (isRuleChange(index.parameters, dependencies.parameters)) takeParameters(dependencies);
}

function takeLeftOut(
  entry: Entry,
  { leftOut, height }: { readonly leftOut: LeftOut; readonly height: Height },
  end: CommitDependencies['end'],
): void {
  const { hash, reason } = leftOut;
  entry.leftOut = { height, reason };
  entry.leftOutCount++;
  const remedy = remedyOf(leftOut, entry.leftOutCount >= LEFT_OUT_COUNT_MAX);
  if (remedy !== undefined) end(entry, { type: 'left out', hash, height, reason, remedy });
}

/** What its sender can do when a left-out transaction does not stay here; undefined when it stays and may be ordered again. */
function remedyOf({ reason }: LeftOut, isRepeated: boolean): string | undefined {
  switch (reason) {
    case 'nonce too low':
      return 'its nonce was used by another transaction: sign it again with the next nonce';
    case 'already on chain':
      return 'nothing to do: ask for its receipt';
    case 'expired':
      return 'sign it again with a higher last height';
    case 'intrinsic gas too low':
      return 'sign it again with a higher gas limit';
    case 'init code too large':
      return 'split the contract, or compile it with the optimizer';
    case 'sender is a contract':
      return 'send from an account without code (EIP-3607)';
    case 'sender frozen':
      return 'ask the committee of the chain why the account is frozen; when it is free again, send the transaction again';
    case 'nonce too high':
    case 'insufficient funds for gas * price + value':
    case 'gas price below minimum':
    case 'gas limit above maximum':
    case 'block gas limit':
      return isRepeated ? 'remove the cause and send it again; this node no longer proposes it' : undefined;
  }
}

function expiredEnd(entry: Entry, facts: CommittedFacts): EndedTransaction {
  const lastHeight = entry.tx.lastHeight ?? facts.height;
  return {
    type: 'expired',
    hash: entry.tx.hash,
    lastHeight,
    message: `transaction expired: its last height was ${lastHeight}, the chain is at ${facts.height}`,
    remedy: 'it can no longer be executed: sign it again with a higher last height',
  };
}

/** What has a nonce below the account's can never be executed again. */
function endPassedNonces(account: AccountQueue, facts: CommittedFacts, end: CommitDependencies['end']): void {
  for (;;) {
    const first = account.first();
    if (first === undefined || first.nonce >= account.nonce) return;
    end(first, {
      type: 'dropped here',
      hash: first.tx.hash,
      code: 'POOL_NONCE_TOO_LOW',
      message: `nonce too low: at height ${facts.height} the account's next nonce is ${account.nonce}, the transaction has ${first.nonce}`,
      remedy: 'its nonce was used by another transaction: sign it again with the next nonce',
    });
  }
}

function isRuleChange(before: ChainParameters, after: ChainParameters): boolean {
  return (
    before.minimumGasPrice !== after.minimumGasPrice ||
    before.txGasLimit !== after.txGasLimit ||
    before.blockGasLimit !== after.blockGasLimit ||
    before.blockSizeLimit !== after.blockSizeLimit
  );
}

/** Own transactions wait for better parameters, foreign ones that no longer fit are dropped. */
function takeParameters({ index, end, parameters }: CommitDependencies): void {
  for (const entry of [...index.byHash.values()]) {
    if (entry.isOwn || entry.orderedHeight !== undefined) continue;
    const refusal = validateParameters(entry.tx, parameters, index.isFeeFree);
    if (refusal === undefined) continue;
    const { hash, code, message, remedy } = refusal;
    end(entry, { type: 'dropped here', hash, code, message, remedy });
  }
  index.reprice(parameters);
}
