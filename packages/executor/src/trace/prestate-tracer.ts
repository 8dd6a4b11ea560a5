import { type AddressHex, compareText, type HashHex } from '@hansa/primitives';
import { accountKey, type StateKey, type StateReader } from '@hansa/protocol';
import { StateOverlay } from '../state-overlay.ts';
import { bigintToHex, dataToHex } from './hex.ts';
import type { TraceBudget, TraceJson } from './types.ts';

export type PrestateTracerConfig = {
  /** Only what the transaction changed, before and after. */
  readonly diffMode?: boolean;
  readonly disableCode?: boolean;
  readonly disableStorage?: boolean;
  readonly includeEmpty?: boolean;
};

const ADDRESS_END = 42;
const ENTRY_SIZE = 200;

/** State before a transaction, which notes what the transaction reads of it. */
export class RecordingState implements StateReader {
  readonly #base: StateReader;
  readonly #slots: Map<AddressHex, Set<HashHex>> = new Map();

  constructor(base: StateReader) {
    this.#base = base;
  }

  get(key: StateKey): Uint8Array | undefined {
    const address = key.slice(2, ADDRESS_END) as AddressHex;
    if (key.startsWith('01')) this.#slotsOf(address);
    else if (key.startsWith('02')) this.#slotsOf(address).add(key.slice(ADDRESS_END) as HashHex);
    return this.#base.get(key);
  }

  /** Accounts that were read, with their slots, both ascending. */
  accessed(): readonly (readonly [AddressHex, readonly HashHex[]])[] {
    return [...this.#slots]
      .map(([address, slots]) => [address, [...slots].sort(compareText)] as const)
      .sort(([a], [b]) => compareText(a, b));
  }

  #slotsOf(address: AddressHex): Set<HashHex> {
    let slots = this.#slots.get(address);
    if (slots === undefined) {
      slots = new Set();
      this.#slots.set(address, slots);
    }
    return slots;
  }
}

type AccountJson = {
  balance?: string;
  nonce?: number;
  code?: string;
  storage?: Record<string, string>;
};

export type PrestateInput = {
  readonly config: PrestateTracerConfig;
  readonly budget: TraceBudget;
  readonly before: StateReader;
  readonly after: StateReader;
  readonly recorded: RecordingState;
};

/** go-ethereum's prestateTracer: what a transaction needs of the state, or with `diffMode` what it changed. */
export function prestateOf(input: PrestateInput): TraceJson {
  const pre: Record<string, TraceJson> = {};
  const post: Record<string, TraceJson> = {};
  const { config, recorded } = input;
  for (const [address, slots] of recorded.accessed()) {
    const name = `0x${address}`;
    const before = accountJson(input.before, address, config.disableStorage === true ? [] : slots, input);
    if (config.diffMode !== true) {
      if (before !== undefined || config.includeEmpty === true) pre[name] = before ?? { balance: '0x0' };
      continue;
    }
    const after = accountJson(input.after, address, config.disableStorage === true ? [] : slots, input);
    const changed = differenceOf(before, after);
    if (changed === undefined) continue;
    if (changed.pre !== undefined) pre[name] = changed.pre;
    if (changed.post !== undefined) post[name] = changed.post;
  }
  return config.diffMode === true ? { pre, post } : pre;
}

function accountJson(
  state: StateReader,
  address: AddressHex,
  slots: readonly HashHex[],
  { config, budget }: PrestateInput,
): AccountJson | undefined {
  if (state.get(accountKey(address)) === undefined) return undefined;
  const overlay = new StateOverlay(state);
  const account = overlay.account(address);
  if (account === undefined) return undefined;
  const json: AccountJson = { balance: bigintToHex(account.balance) };
  if (account.nonce > 0n) json.nonce = Number(account.nonce);
  const code = config.disableCode === true ? undefined : overlay.code(account.codeHash);
  if (code !== undefined && code.length > 0) json.code = dataToHex(code);
  if (slots.length > 0) {
    json.storage = {};
    for (const slot of slots)
      json.storage[`0x${slot}`] = dataToHex(overlay.storage(address, slot) ?? new Uint8Array(32));
  }
  budget.output(ENTRY_SIZE + (json.code?.length ?? 0) + slots.length * 140);
  return json;
}

const ZERO_WORD = dataToHex(new Uint8Array(32));

function differenceOf(
  before: AccountJson | undefined,
  after: AccountJson | undefined,
): { pre: AccountJson | undefined; post: AccountJson | undefined } | undefined {
  if (before === undefined && after === undefined) return undefined;
  if (after === undefined) return { pre: withoutZeros(before as AccountJson), post: undefined };
  const pre: AccountJson = { ...before };
  const post: AccountJson = {};
  if (after.balance !== (before?.balance ?? '0x0') && after.balance !== undefined) post.balance = after.balance;
  if (after.nonce !== before?.nonce && after.nonce !== undefined) post.nonce = after.nonce;
  if (after.code !== before?.code && after.code !== undefined) post.code = after.code;
  const storageBefore: Record<string, string> = {};
  const storageAfter: Record<string, string> = {};
  for (const [slot, value] of Object.entries(after.storage ?? {})) {
    const old = before?.storage?.[slot] ?? ZERO_WORD;
    if (old === value) continue;
    if (old !== ZERO_WORD) storageBefore[slot] = old;
    storageAfter[slot] = value;
  }
  const isStorageChanged = Object.keys(storageAfter).length > 0;
  const kept = Object.entries(storageAfter).filter(([, value]) => value !== ZERO_WORD);
  if (kept.length > 0) post.storage = Object.fromEntries(kept);
  delete pre.storage;
  if (Object.keys(storageBefore).length > 0) pre.storage = storageBefore;
  if (Object.keys(post).length === 0 && !isStorageChanged && before !== undefined) return undefined;
  return { pre: before === undefined ? undefined : pre, post };
}

function withoutZeros(account: AccountJson): AccountJson {
  const { storage, ...rest } = account;
  const kept = Object.entries(storage ?? {}).filter(([, value]) => value !== ZERO_WORD);
  return kept.length === 0 ? rest : { ...rest, storage: Object.fromEntries(kept) };
}
