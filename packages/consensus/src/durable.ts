import type { HashHex, Height, Term, View } from '@hansa/primitives';
import type { NewViewMessage, Proposal, VoteCertificate } from '@hansa/protocol';

/**
 * Whether the vote store can vouch for everything that was ever sent with this key (spec PBFT-T3).
 * `intact`: yes. `lost`: it was missing, damaged or rolled back; nothing may be voted on. `barrier`: it was lost, and
 * enough validators of the current term have told how far the chain had come: if the very next term has its base above
 * `baseAbove`, the store is intact from there on, else it is lost again.
 */
export type VoteStoreState =
  | { readonly type: 'intact' }
  | { readonly type: 'lost' }
  | { readonly type: 'barrier'; readonly baseAbove: Height };

/** A NEW-VIEW as it is kept: own ones are not signed yet when they are written (`signature` undefined). */
export type StoredNewView = Omit<NewViewMessage, 'signature'> & { readonly signature: Uint8Array | undefined };

export type OrderVoteKind = 'prepare' | 'commit';

/**
 * One durable fact. The driver writes the records of a batch under `recordKey`, in order, in one synced write, before
 * any send of that batch. A later record replaces an earlier one with the same key.
 */
export type DurableRecord =
  /** The first record of a term: everything of older terms may be deleted. View 0, not changing. */
  | { readonly type: 'term'; readonly term: Term }
  /**
   * The view that I am in (spec PBFT-V3, PBFT-V7). `changing`: I left the views below and wait for its NEW-VIEW.
   * `newView` is set exactly when `view > 0` and not changing. `previousView`: the last view below in which I was not
   * changing, whose COMMITs are still resent.
   */
  | {
      readonly type: 'view';
      readonly term: Term;
      readonly view: View;
      readonly changing: boolean;
      readonly previousView: View | undefined;
      readonly newView: StoredNewView | undefined;
    }
  /** My own PROPOSAL of (view, height). */
  | {
      readonly type: 'proposal';
      readonly term: Term;
      readonly view: View;
      readonly height: Height;
      readonly digest: HashHex;
    }
  /** My PREPARE or COMMIT of (view, height). */
  | {
      readonly type: 'vote';
      readonly kind: OrderVoteKind;
      readonly term: Term;
      readonly view: View;
      readonly height: Height;
      readonly digest: HashHex;
    }
  /** My RESULT of `height`: one for ever. */
  | { readonly type: 'result'; readonly term: Term; readonly height: Height; readonly blockHash: HashHex }
  /** The highest prepared certificate of the term; kept when its height is final, until the term ends. */
  | { readonly type: 'prepared-certificate'; readonly term: Term; readonly certificate: VoteCertificate }
  /** Body of a proposal that I made, prepared or committed. Its transactions are on disk as well when I prepared it. */
  | {
      readonly type: 'body';
      readonly term: Term;
      readonly height: Height;
      readonly digest: HashHex;
      readonly proposal: Proposal;
    }
  /**
   * The ledger holds `height` (synced before this record): votes, results and bodies at or below may be deleted. Nothing
   * that is sent depends on it: a batch of nothing else needs no sync of its own.
   */
  | { readonly type: 'final'; readonly term: Term; readonly height: Height }
  /** State of the vote store itself. Survives the terms. */
  | { readonly type: 'vote-store'; readonly state: VoteStoreState };

/** What the replica is restored from: the records that count, newest of each key. */
export type DurableState = {
  readonly voteStore: VoteStoreState;
  /** Term of all the rest; undefined in an empty store. */
  readonly term: Term | undefined;
  readonly view: Extract<DurableRecord, { type: 'view' }> | undefined;
  readonly proposals: readonly Extract<DurableRecord, { type: 'proposal' }>[];
  readonly votes: readonly Extract<DurableRecord, { type: 'vote' }>[];
  readonly results: readonly Extract<DurableRecord, { type: 'result' }>[];
  readonly preparedCertificate: VoteCertificate | undefined;
  readonly bodies: readonly Extract<DurableRecord, { type: 'body' }>[];
  /** Records at or below were given up; nothing is voted on at or below it, even if the ledger should have lost it. */
  readonly finalHeight: Height | undefined;
};

/** The store that `hansa init` or `join` writes for a new member: nothing was ever sent with its key. */
export const EMPTY_DURABLE_STATE: DurableState = {
  voteStore: { type: 'intact' },
  term: undefined,
  view: undefined,
  proposals: [],
  votes: [],
  results: [],
  preparedCertificate: undefined,
  bodies: [],
  finalHeight: undefined,
};

/** What a store that was missing, damaged or rolled back is replaced by. */
export const LOST_DURABLE_STATE: DurableState = { ...EMPTY_DURABLE_STATE, voteStore: { type: 'lost' } };

const digits = (value: number): string => value.toString().padStart(16, '0');

/** Key under which a record is stored: unique per fact, so that writing it again replaces it. ASCII, sortable. */
export function recordKey(record: DurableRecord): string {
  switch (record.type) {
    case 'vote-store':
      return 'vote-store';
    case 'term':
    case 'view':
    case 'final':
    case 'prepared-certificate':
      return record.type;
    case 'proposal':
      return `proposal/${digits(record.term)}/${digits(record.view)}/${digits(record.height)}`;
    case 'vote':
      return `${record.kind}/${digits(record.term)}/${digits(record.view)}/${digits(record.height)}`;
    case 'result':
      return `result/${digits(record.term)}/${digits(record.height)}`;
    case 'body':
      return `body/${digits(record.term)}/${digits(record.height)}/${record.digest}`;
  }
}

/**
 * Folds records, in the order in which they were written (or one per key, in any order), into the state to restore.
 * Records of older terms and those at or below the final height are left out.
 */
export function durableStateFrom(records: Iterable<DurableRecord>): DurableState {
  const byKey = new Map<string, DurableRecord>();
  for (const record of records) byKey.set(recordKey(record), record);
  const all = [...byKey.values()];
  let term: Term | undefined;
  for (const record of all) {
    if (record.type !== 'vote-store' && (term === undefined || record.term > term)) term = record.term;
  }
  const current = all.filter((record) => record.type === 'vote-store' || record.term === term);
  const one = <K extends DurableRecord['type']>(type: K): Extract<DurableRecord, { type: K }> | undefined =>
    current.find((record): record is Extract<DurableRecord, { type: K }> => record.type === type);
  const many = <K extends DurableRecord['type']>(type: K): Extract<DurableRecord, { type: K }>[] =>
    current.filter((record): record is Extract<DurableRecord, { type: K }> => record.type === type);
  const finalHeight = one('final')?.height;
  const floor = finalHeight ?? -1;
  const view = one('view');
  return {
    voteStore: one('vote-store')?.state ?? { type: 'intact' },
    term,
    view,
    proposals: many('proposal').filter((r) => r.height > floor && r.view >= (view?.view ?? 0)),
    votes: many('vote').filter((r) => !isObsoleteVote(r, view, floor)),
    results: many('result').filter((r) => r.height > floor),
    preparedCertificate: one('prepared-certificate')?.certificate,
    bodies: many('body').filter((r) => r.height > floor),
    finalHeight,
  };
}

/** The state as records, one per key: the content of a compacted store. */
export function recordsOf(state: DurableState): DurableRecord[] {
  const records: DurableRecord[] = [{ type: 'vote-store', state: state.voteStore }];
  if (state.term === undefined) return records;
  const term = state.term;
  records.push({ type: 'term', term });
  if (state.view !== undefined) records.push(state.view);
  if (state.finalHeight !== undefined) records.push({ type: 'final', term, height: state.finalHeight });
  if (state.preparedCertificate !== undefined) {
    records.push({ type: 'prepared-certificate', term, certificate: state.preparedCertificate });
  }
  records.push(...state.proposals, ...state.votes, ...state.results, ...state.bodies);
  return records;
}

/** True when a stored record no longer counts beside `state` and may be deleted. Deleting late is harmless. */
export function isObsoleteRecord(state: DurableState, record: DurableRecord): boolean {
  if (state.term === undefined) return false;
  if (record.type !== 'vote-store' && record.term !== state.term) return record.term < state.term;
  const floor = state.finalHeight ?? -1;
  switch (record.type) {
    case 'vote-store':
    case 'term':
    case 'view':
    case 'final':
    case 'prepared-certificate':
      return false;
    case 'proposal':
      return record.height <= floor || record.view < (state.view?.view ?? 0);
    case 'vote':
      return isObsoleteVote(record, state.view, floor);
    case 'result':
    case 'body':
      return record.height <= floor;
  }
}

function isObsoleteVote(
  vote: Extract<DurableRecord, { type: 'vote' }>,
  view: Extract<DurableRecord, { type: 'view' }> | undefined,
  floor: number,
): boolean {
  if (vote.height <= floor) return true;
  if (view === undefined) return false;
  return vote.view < view.view && !(vote.kind === 'commit' && vote.view === view.previousView);
}
