import type { FinalHead } from '@hansa/consensus';
import { isFeeFree, isSystemAddress } from '@hansa/executor';
import type { LedgerReader } from '@hansa/ledger';
import { type AddressHex, assert, type HashHex, type Height } from '@hansa/primitives';
import {
  accountKey,
  type BlockHeader,
  type Certificate,
  type ChainParameters,
  decodeAccount,
  EMPTY_CODE_HASH,
} from '@hansa/protocol';
import type { AccountFacts, ChainView } from '@hansa/txpool';
import type { CommittedBlock } from './execution/messages.ts';

/** Accounts kept for the pool; the ones that were not used for the longest time go first. */
const ACCOUNT_COUNT_MAX = 100_000;

const ABSENT: AccountFacts = { nonce: 0n, balance: 0n, hasCode: false };

/** The chain at its head, on the main thread: written by `onCommitted`, read by pool, proposals, RPC and network. */
export type HeadView = ChainView & {
  head(): FinalHead;
  header(): BlockHeader;
  headHash(): HashHex;
  /** Undefined at height 0. */
  certificate(): Certificate | undefined;
  /** Milliseconds of the monotonic clock at which the head became durable here; undefined for the head at the start. */
  committedAtMs(): number | undefined;
  onCommitted(block: CommittedBlock): void;
};

export type HeadViewStart = { readonly head: FinalHead; readonly certificate: Certificate | undefined };

export function createHeadView(start: HeadViewStart, reader: LedgerReader, monotonicMs: () => number): HeadView {
  let head = start.head;
  let header = reader.headerAt(start.head.height) as BlockHeader;
  let certificate = start.certificate;
  let committedAtMs: number | undefined;
  const accounts = new Map<AddressHex, AccountFacts>();

  function remember(address: AddressHex, facts: AccountFacts): AccountFacts {
    accounts.delete(address);
    accounts.set(address, facts);
    if (accounts.size > ACCOUNT_COUNT_MAX) accounts.delete(accounts.keys().next().value as AddressHex);
    return facts;
  }

  function read(address: AddressHex): AccountFacts {
    const snapshot = reader.snapshot();
    const bytes = snapshot.get(accountKey(address));
    void snapshot.close();
    if (bytes === undefined) return ABSENT;
    const account = decodeAccount(bytes);
    assert(account.ok, `the account record of ${address} does not decode`);
    const { nonce, balance, codeHash } = account.value;
    return { nonce, balance, hasCode: codeHash !== EMPTY_CODE_HASH };
  }

  return {
    head: () => head,
    header: () => header,
    headHash: () => head.blockHash,
    certificate: () => certificate,
    committedAtMs: () => committedAtMs,
    height: (): Height => head.height,
    parameters: (): ChainParameters => head.term.parameters,
    isFeeFree: (transaction) => {
      if (transaction.to === undefined || !isSystemAddress(transaction.to)) return false;
      const state = reader.snapshot();
      const isFree = isFeeFree(state, transaction);
      void state.close();
      return isFree;
    },
    account: (address) => accounts.get(address) ?? remember(address, read(address)),
    onCommitted: (block) => {
      head = block.head;
      header = block.header;
      certificate = block.certificate;
      committedAtMs = monotonicMs();
      for (const { address, ...facts } of block.accounts) if (accounts.has(address)) remember(address, facts);
    },
  };
}
