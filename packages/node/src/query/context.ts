import type { CryptoSuite } from '@hansa/crypto';
import type { LedgerReader, StateSnapshot } from '@hansa/ledger';
import { assert, type HashHex, type Height } from '@hansa/primitives';
import type { PlainQueryFailure } from './messages.ts';

/** A question that cannot be answered for a reason that the client should hear. */
export class QueryRefusal extends Error {
  readonly failure: PlainQueryFailure;

  constructor(failure: PlainQueryFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

export type QueryContext = { readonly reader: LedgerReader; readonly suite: CryptoSuite; readonly chainId: number };

/** State after a block. @throws QueryRefusal when it is pruned */
export function stateAt(reader: LedgerReader, height: Height): StateSnapshot {
  const state = reader.stateAt(height);
  if (!state.ok) throw new QueryRefusal(state.error);
  return state.value;
}

export function hashOf(reader: LedgerReader, height: Height): HashHex {
  const hash = reader.hashAt(height);
  assert(hash !== undefined, `the ledger has block ${height}`);
  return hash;
}
