import type { Height } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { AccountQueue } from './account-queue.ts';
import { costOf, type Entry } from './entry.ts';
import { type PoolRefusal, poolRefusal } from './errors.ts';
import type { PoolLimits } from './limits.ts';

/** Rules that look at the sender's account, at the height and at what is in flight. */
export function validateStateful(
  tx: SignedTransaction,
  account: AccountQueue,
  rules: { readonly limits: PoolLimits; readonly height: Height },
): PoolRefusal | undefined {
  const { hash } = tx;
  if (account.hasCode) {
    return poolRefusal(
      'POOL_SENDER_IS_CONTRACT',
      hash,
      `sender not an eoa: 0x${account.address} has code`,
      'send from an account without code (EIP-3607)',
    );
  }
  // The next block has height + 1: a last height at or below the head can no longer be met.
  if (tx.lastHeight !== undefined && tx.lastHeight <= rules.height) {
    return poolRefusal(
      'POOL_EXPIRED',
      hash,
      `transaction expired: its last height is ${tx.lastHeight}, the chain is at ${rules.height}`,
      'sign it again with a higher last height',
    );
  }
  const refusal = validateNonce(tx, account, rules.limits);
  if (refusal !== undefined) return refusal;
  const cost = costOf(tx);
  if (cost > account.balance) {
    return poolRefusal(
      'POOL_INSUFFICIENT_FUNDS',
      hash,
      `insufficient funds for gas * price + value: address 0x${account.address} have ${account.balance} want ${cost}`,
      `fund the account with ${cost - account.balance} wei more, or lower gas limit, price or value`,
    );
  }
  return undefined;
}

function validateNonce(tx: SignedTransaction, account: AccountQueue, limits: PoolLimits): PoolRefusal | undefined {
  const { hash, nonce } = tx;
  if (nonce < BigInt(account.nonce)) {
    return poolRefusal(
      'POOL_NONCE_TOO_LOW',
      hash,
      `nonce too low: next nonce ${account.nonce}, tx nonce ${nonce}`,
      `use nonce ${account.readyNonce}; if the transaction was sent before, ask for its receipt`,
    );
  }
  if (nonce < BigInt(account.readyNonce)) {
    return poolRefusal(
      'POOL_NONCE_ORDERED',
      hash,
      `nonce too low: another transaction with nonce ${nonce} is ordered already, next nonce ${account.readyNonce}`,
      `use nonce ${account.readyNonce}`,
    );
  }
  if (nonce >= BigInt(account.nonce + limits.nonceAheadMax)) {
    return poolRefusal(
      'POOL_NONCE_TOO_FAR',
      hash,
      `nonce too high: nonce ${nonce} is too far ahead of the account's ${account.nonce}, at most ${limits.nonceAheadMax - 1} above it`,
      `send the transactions from nonce ${account.contiguousEnd} on first`,
    );
  }
  return undefined;
}

/** A replacement has to raise both prices by the bump, and by one wei at least. */
export function validateReplacement(
  tx: SignedTransaction,
  replaced: Entry,
  limits: PoolLimits,
): PoolRefusal | undefined {
  if (replaced.orderedHeight !== undefined) {
    return poolRefusal(
      'POOL_NONCE_ORDERED',
      tx.hash,
      `nonce too low: nonce ${tx.nonce} is ordered already, at height ${replaced.orderedHeight} by 0x${replaced.tx.hash}`,
      'wait for its receipt and use the next nonce',
    );
  }
  const feeNeeded = bumped(replaced.tx.maxFeePerGas, limits.replacementBumpPercent);
  const tipNeeded = bumped(replaced.tx.maxPriorityFeePerGas, limits.replacementBumpPercent);
  if (tx.maxFeePerGas >= feeNeeded && tx.maxPriorityFeePerGas >= tipNeeded) return undefined;
  return poolRefusal(
    'POOL_REPLACEMENT_UNDERPRICED',
    tx.hash,
    `replacement transaction underpriced: nonce ${tx.nonce} is taken by 0x${replaced.tx.hash}`,
    `set the price to ${feeNeeded} or more and the priority fee to ${tipNeeded} or more, or use another nonce`,
  );
}

function bumped(price: bigint, percent: number): bigint {
  const raised = (price * BigInt(100 + percent) + 99n) / 100n;
  return raised > price ? raised : price + 1n;
}
