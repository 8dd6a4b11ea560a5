import type { LedgerReader, StateSnapshot } from '@hansa/ledger';
import {
  assert,
  bytesToHex,
  type Failure,
  fail,
  type HashHex,
  type Height,
  ok,
  type Result,
  ZERO_HASH,
} from '@hansa/primitives';
import { accountKey, codeKey, decodeAccount, EMPTY_CODE_HASH, storageKey } from '@hansa/protocol';
import type { StateQueries } from '@hansa/rpc';
import type { QueryClient } from '../query/query-client.ts';

/** State at a height: point reads here, execution in the query worker. */
export function createStateQueries(reader: LedgerReader, queries: QueryClient): StateQueries {
  function read<T>(height: Height, use: (state: StateSnapshot) => T): Result<T, Failure> {
    const state = reader.stateAt(height);
    if (!state.ok) return fail(state.error);
    try {
      return ok(use(state.value));
    } finally {
      void state.value.close();
    }
  }

  return {
    account: async (address, height) =>
      read(height, (state) => {
        const bytes = state.get(accountKey(address));
        if (bytes === undefined) return { nonce: 0n, balance: 0n, code: new Uint8Array(0) };
        const account = decodeAccount(bytes);
        assert(account.ok, `the account record of ${address} does not decode`);
        const { nonce, balance, codeHash } = account.value;
        const code = codeHash === EMPTY_CODE_HASH ? undefined : state.get(codeKey(codeHash));
        return { nonce, balance, code: code ?? new Uint8Array(0) };
      }),
    storage: async (address, slot, height) =>
      read(height, (state) => {
        const value = state.get(storageKey(address, slot));
        return value === undefined ? ZERO_HASH : (bytesToHex(value) as HashHex);
      }),
    call: (request, height, signal) => queries.ask({ type: 'call', request, height }, signal),
    estimateGas: (request, height, signal) => queries.ask({ type: 'estimateGas', request, height }, signal),
    createAccessList: (request, height, signal) => queries.ask({ type: 'createAccessList', request, height }, signal),
    trace: ({ height, index }, options, signal) => queries.ask({ type: 'trace', height, index, options }, signal),
    stateProof: (key) => reader.stateProof(key),
  };
}
