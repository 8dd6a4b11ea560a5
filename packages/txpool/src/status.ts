import { type AddressHex, compareText } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { AccountQueue } from './account-queue.ts';
import type { Entry } from './entry.ts';
import type { PoolIndex } from './pool-index.ts';
import type { PoolContent, PoolStatus } from './ports.ts';
import { validateParameters } from './validate-stateless.ts';

/** What a transaction in the pool waits for, and what its sender can do. */
export function statusOf(entry: Entry, account: AccountQueue, index: PoolIndex): PoolStatus {
  if (entry.orderedHeight !== undefined) return { type: 'ordered', height: entry.orderedHeight };
  const { leftOut } = entry;
  if (entry.nonce < account.readyNonce) {
    return {
      type: 'queued',
      cause: 'nonce ordered',
      missingNonce: undefined,
      reason: `another transaction of this account with nonce ${entry.nonce} is ordered`,
      remedy: 'nothing: when the other one is final, this one is replaced by it; sign it again with a new nonce',
      leftOut,
    };
  }
  if (entry.nonce >= account.contiguousEnd) {
    return {
      type: 'queued',
      cause: 'nonce gap',
      missingNonce: BigInt(account.contiguousEnd),
      reason: `nonce ${account.contiguousEnd} of this account is missing, this transaction has nonce ${entry.nonce}`,
      remedy: `send a transaction with nonce ${account.contiguousEnd}`,
      leftOut,
    };
  }
  return blockedStatus(entry, account, index) ?? { type: 'pending', leftOut };
}

/** Whether this one, or one that has to come before it, cannot be paid for or is against the chain's parameters. */
function blockedStatus(entry: Entry, account: AccountQueue, index: PoolIndex): PoolStatus | undefined {
  const { leftOut } = entry;
  const balance = account.balance - account.inFlightCost;
  let cost = 0n;
  for (let nonce = account.readyNonce; nonce <= entry.nonce; nonce++) {
    const before = account.entries.get(nonce) as Entry;
    cost += before.cost;
    if (cost > balance) {
      return {
        type: 'queued',
        cause: 'funds',
        missingNonce: undefined,
        reason: `insufficient funds for gas * price + value: up to nonce ${nonce} the account needs ${cost}, it has ${balance} after what is ordered`,
        remedy: `fund the account with ${cost - balance} wei more`,
        leftOut,
      };
    }
    if (index.blockedCause(before, account) === 'parameters') {
      const refusal = validateParameters(before.tx, index.parameters, index.isFeeFree);
      return {
        type: 'queued',
        cause: 'parameters',
        missingNonce: undefined,
        reason: refusal?.message ?? `0x${account.address} has code and cannot send`,
        remedy: `replace the transaction with nonce ${nonce}: ${refusal?.remedy ?? 'send from an account without code'}`,
        leftOut,
      };
    }
  }
  return undefined;
}

/** Everything in the pool, or what one account has in it, by sender and nonce. Ordered ones count as pending. */
export function contentOf(index: PoolIndex, address: AddressHex | undefined): PoolContent {
  const pending: SignedTransaction[] = [];
  const queued: SignedTransaction[] = [];
  const accounts = [...index.accounts()]
    .filter((account) => address === undefined || account.address === address)
    .sort((a, b) => compareText(a.address, b.address));
  for (const account of accounts) {
    for (const entry of [...account.entries.values()].sort((a, b) => a.nonce - b.nonce)) {
      const isPending = account.head !== undefined && entry.nonce < account.contiguousEnd;
      (isPending || entry.orderedHeight !== undefined ? pending : queued).push(entry.tx);
    }
  }
  return { pending, queued };
}
