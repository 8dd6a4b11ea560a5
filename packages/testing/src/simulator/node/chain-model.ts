/**
 * What a chain is by the specs alone, computed a second time: members, terms, parameters, balances, digests. Nothing of
 * membership, executor or ledger is used here, and of protocol only what reads bytes.
 */
import { hash as digestOf } from 'node:crypto';
import { asciiBytes, concatBytes, fromHex, type HashHex, type NodeId } from '@hansa/primitives';
import type { Genesis } from '@hansa/protocol';

/** What a transaction of the run does, as its client meant it. */
export type Intent = { readonly sender: string; readonly nonce: bigint; readonly lastHeight: number | undefined } & (
  | { readonly type: 'transfer'; readonly to: string; readonly value: bigint }
  | { readonly type: 'add observer' | 'remove'; readonly nodeId: NodeId }
  | { readonly type: 'add validator' | 'set weight'; readonly nodeId: NodeId; readonly weight: number }
  | {
      readonly type: 'attest';
      readonly nodeId: NodeId;
      readonly by: NodeId;
      readonly headHeight: number;
      readonly headHash: HashHex;
    }
  | { readonly type: 'parameter'; readonly key: ParameterKey; readonly value: number }
);
export type ParameterKey = 'hansa_window' | 'consensus_leader_period' | 'tx_count_limit';

type ModelMember = { readonly nodeId: NodeId; readonly weight: number };
type Parameters = Readonly<Record<ParameterKey, number>>;
export type ModelTerm = {
  readonly term: number;
  readonly validators: readonly ModelMember[];
  readonly parameters: Parameters;
  /** Positions in `validators`, in the order of the views. */
  readonly order: readonly number[];
  readonly starter: NodeId;
  endHeight: number;
  isEndScheduled: boolean;
  highestView: number;
  readonly proposers: Set<NodeId>;
  readonly absent: ReadonlySet<NodeId>;
};
type Account = { nonce: bigint; balance: bigint };

/** GOV-40, GOV-41. */
const PROMOTION_HEIGHTS = 1_000;
const ATTESTATION_HEIGHTS = 200;
const ATTESTATION_LAG_MAX = 10;

type Candidate = { readonly weight: number; readonly deadline: number; readonly attested: Map<NodeId, number> };

export const ORGANISATION = 'alpha';

export class ChainModel {
  readonly genesisHash: HashHex;
  readonly accounts: Map<string, Account> = new Map();
  readonly executed: Map<HashHex, { readonly height: number; readonly index: number }> = new Map();
  term: ModelTerm;
  height = 0;
  /** Nodes that wait for attestations. */
  readonly candidates: Map<NodeId, Candidate> = new Map();
  readonly #members: Map<NodeId, number> = new Map();
  #parameters: Parameters;

  constructor(genesis: Genesis, genesisHash: HashHex) {
    this.genesisHash = genesisHash;
    for (const { address, balance, nonce } of genesis.accounts) this.accounts.set(address, { balance, nonce });
    for (const { nodeId, weight } of genesis.nodes) this.#members.set(nodeId, weight);
    const { window, leaderPeriod, txCountLimit } = genesis.parameters;
    this.#parameters = {
      hansa_window: window,
      consensus_leader_period: leaderPeriod,
      tx_count_limit: txCountLimit,
    };
    const [first] = this.validators();
    if (first === undefined) throw new Error('genesis names a validator');
    this.term = this.#begin(0, 0, first.nodeId, new Set());
  }

  /** By the registry, not by the term. */
  validators(): readonly ModelMember[] {
    return [...this.#members]
      .filter(([, weight]) => weight > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([nodeId, weight]) => ({ nodeId, weight }));
  }

  isRegistered(nodeId: NodeId): boolean {
    return this.#members.has(nodeId);
  }

  balanceOf(address: string): Account {
    return this.accounts.get(address) ?? { nonce: 0n, balance: 0n };
  }

  /** The first rule that this transaction breaks at this height, as the sender's account is now. */
  reasonAgainst(intent: Intent, height: number): string | undefined {
    const { nonce, balance } = this.balanceOf(intent.sender);
    if (intent.lastHeight !== undefined && intent.lastHeight < height) return 'expired';
    if (intent.nonce !== nonce) return `nonce ${intent.nonce}, the account has ${nonce}`;
    if (intent.type === 'transfer' && intent.value > balance) return 'insufficient funds';
    return undefined;
  }

  execute(hash: HashHex, intent: Intent, index: number): void {
    const account = { ...this.balanceOf(intent.sender) };
    account.nonce++;
    this.accounts.set(intent.sender, account);
    this.executed.set(hash, { height: this.height + 1, index });
    // A candidate is left alone by every other change (MEM-13).
    if (intent.type !== 'transfer' && intent.type !== 'parameter' && intent.type !== 'attest')
      if (this.candidates.has(intent.nodeId)) return;
    switch (intent.type) {
      case 'transfer': {
        account.balance -= intent.value;
        const other = { ...this.balanceOf(intent.to) };
        other.balance += intent.value;
        this.accounts.set(intent.to, other);
        return;
      }
      case 'add observer':
        if (!this.#isLastValidator(intent.nodeId)) this.#members.set(intent.nodeId, 0);
        return;
      case 'add validator':
        this.#nominate(intent.nodeId, intent.weight);
        return;
      case 'attest':
        this.#attest(intent);
        return;
      case 'set weight':
        if ((this.#members.get(intent.nodeId) ?? 0) > 0) this.#members.set(intent.nodeId, intent.weight);
        return;
      case 'remove':
        if (!this.#isLastValidator(intent.nodeId)) this.#members.delete(intent.nodeId);
        return;
      case 'parameter':
        this.#parameters = { ...this.#parameters, [intent.key]: intent.value };
    }
  }

  /** After the transactions of the block: MEM-21 to MEM-24. True when the term ends with it. */
  endBlock(height: number, view: number, proposer: NodeId): boolean {
    const { term } = this;
    this.height = height;
    for (const [nodeId, { deadline }] of this.candidates) if (height >= deadline) this.candidates.delete(nodeId);
    term.proposers.add(proposer);
    term.highestView = Math.max(term.highestView, view);
    if (height === term.endHeight) {
      const validators = this.validators();
      const starter = (validators.find(({ nodeId }) => nodeId > term.starter) ?? validators[0])?.nodeId as NodeId;
      this.term = this.#begin(term.term + 1, height, starter, this.#absentAfter(validators));
      return true;
    }
    const isChanged =
      JSON.stringify(this.validators()) !== JSON.stringify(term.validators) ||
      JSON.stringify(this.#parameters) !== JSON.stringify(term.parameters);
    if (isChanged && !term.isEndScheduled) {
      term.isEndScheduled = true;
      term.endHeight = Math.min(term.endHeight, height + term.parameters.hansa_window);
    }
    return false;
  }

  #nominate(nodeId: NodeId, weight: number): void {
    const present = this.#members.get(nodeId);
    if (present === undefined) return;
    if (present > 0) this.#members.set(nodeId, weight);
    else this.candidates.set(nodeId, { weight, deadline: this.height + 1 + PROMOTION_HEIGHTS, attested: new Map() });
  }

  /** GOV-41, GOV-42: with a quorum of the term's validators the candidate is one of the next term's. */
  #attest({ nodeId, by, headHeight }: Extract<Intent, { type: 'attest' }>): void {
    const { validators } = this.term;
    const candidate = this.candidates.get(nodeId);
    const height = this.height + 1;
    const isOld = height - 1 - headHeight > ATTESTATION_LAG_MAX;
    if (candidate === undefined || isOld || !validators.some((validator) => validator.nodeId === by)) return;
    candidate.attested.set(by, height);
    let [total, weight] = [0, 0];
    for (const validator of validators) {
      total += validator.weight;
      const at = candidate.attested.get(validator.nodeId);
      if (at !== undefined && at + ATTESTATION_HEIGHTS > height) weight += validator.weight;
    }
    if (weight < Math.floor((total + Math.floor((total - 1) / 3)) / 2) + 1) return;
    this.candidates.delete(nodeId);
    this.#members.set(nodeId, candidate.weight);
  }

  #isLastValidator(nodeId: NodeId): boolean {
    const validators = this.validators();
    return validators.length === 1 && validators[0]?.nodeId === nodeId;
  }

  #begin(term: number, base: number, starter: NodeId, absent: ReadonlySet<NodeId>): ModelTerm {
    const validators = this.validators();
    const start = Math.max(
      0,
      validators.findIndex(({ nodeId }) => nodeId >= starter),
    );
    const rotation = validators.map((_, i) => (start + i) % validators.length);
    const isAbsent = (index: number): boolean => absent.has(validators[index]?.nodeId as NodeId);
    const [away, here] = [rotation.filter(isAbsent), rotation.filter((index) => !isAbsent(index))];
    return {
      term,
      validators,
      parameters: this.#parameters,
      order: term % 8 === 0 ? [...away, ...here] : [...here, ...away],
      starter,
      endHeight: base + this.#parameters.consensus_leader_period,
      isEndScheduled: false,
      highestView: 0,
      proposers: new Set(),
      absent,
    };
  }

  #absentAfter(next: readonly ModelMember[]): ReadonlySet<NodeId> {
    const { validators, order, highestView, proposers, absent } = this.term;
    const away = new Set(absent);
    for (const index of order.slice(0, highestView)) away.add(validators[index]?.nodeId as NodeId);
    for (const nodeId of proposers) away.delete(nodeId);
    return new Set(next.map(({ nodeId }) => nodeId).filter((nodeId) => away.has(nodeId)));
  }
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return fromHex(digestOf('sha256', bytes, 'hex'));
}

/** FMT-4. */
export function tagged(tag: string, ...parts: readonly Uint8Array[]): HashHex {
  return digestOf('sha256', concatBytes(Uint8Array.of(tag.length), asciiBytes(tag), ...parts), 'hex') as HashHex;
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** FMT-40. */
export function setHash(validators: readonly ModelMember[]): HashHex {
  const organisation = asciiBytes(ORGANISATION);
  return tagged(
    'hansa/validators/v1',
    u32(validators.length),
    ...validators.flatMap(({ nodeId, weight }) => [
      fromHex(nodeId),
      u32(weight),
      u32(organisation.length),
      organisation,
    ]),
  );
}

/** FMT-7. */
export function treeRoot(tag: string, leaves: readonly Uint8Array[]): HashHex {
  let zero: Uint8Array = new Uint8Array(32);
  if (leaves.length === 0) return tagged(tag, u32(0), zero);
  // Zero subtrees: all leaves of the padding are zero, so their pairs are equal.
  let level: Uint8Array[] = [...leaves];
  while (level.length > 1) {
    if (level.length % 2 === 1) level.push(zero);
    const next: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2)
      next.push(sha256(concatBytes(level[i] as Uint8Array, level[i + 1] as Uint8Array)));
    level = next;
    zero = sha256(concatBytes(zero, zero));
  }
  return tagged(tag, u32(leaves.length), level[0] as Uint8Array);
}

/** STATE-2 to STATE-5: hashed keys and values of the whole state, in any order. */
export function stateRootOf(entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]): HashHex {
  const leaves = entries.map(({ key, value }) => {
    const [place, content] = [sha256(key), sha256(value)];
    return { place, digest: fromHex(tagged('hansa/state-leaf/v1', place, content)) };
  });
  const rootOf = (below: typeof leaves, depth: number): Uint8Array => {
    const [only] = below;
    if (only === undefined) return new Uint8Array(32);
    if (below.length === 1) return only.digest;
    const isRight = ({ place }: (typeof leaves)[number]): boolean =>
      (((place[depth >> 3] as number) >> (7 - (depth & 7))) & 1) === 1;
    const left = rootOf(
      below.filter((leaf) => !isRight(leaf)),
      depth + 1,
    );
    return sha256(concatBytes(left, rootOf(below.filter(isRight), depth + 1)));
  };
  return Array.from(rootOf(leaves, 0), (byte) => byte.toString(16).padStart(2, '0')).join('') as HashHex;
}
