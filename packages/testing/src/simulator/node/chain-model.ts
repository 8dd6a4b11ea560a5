/**
 * What a chain is by the specs alone, computed a second time: members, terms, parameters, balances. Nothing of membership,
 * executor or ledger is used here.
 */
import type { AddressHex, HashHex, NodeId } from '@hansa/primitives';
import type { Genesis } from '@hansa/protocol';
import {
  GovernanceModel,
  type GovernIntent,
  type ModelValidator,
  type Parameters,
  type SucceedIntent,
} from './governance-model.ts';

/** What a transaction of the run does, as its client meant it. */
export type Intent = {
  readonly sender: AddressHex;
  readonly nonce: bigint;
  readonly lastHeight: number | undefined;
} & (
  | { readonly type: 'transfer'; readonly to: AddressHex; readonly value: bigint }
  | {
      readonly type: 'attest';
      readonly nodeId: NodeId;
      readonly by: NodeId;
      readonly headHeight: number;
      readonly headHash: HashHex;
    }
  | GovernIntent
  | SucceedIntent
);

export type ModelTerm = {
  readonly term: number;
  readonly validators: readonly ModelValidator[];
  readonly parameters: Parameters;
  /** Positions in `validators`, in the order of the views. */
  readonly order: readonly number[];
  readonly starter: NodeId;
  endHeight: number;
  isEndScheduled: boolean;
  highestView: number;
  readonly proposers: Set<NodeId>;
  /** The first term that began with each of them known to be absent. */
  readonly absent: ReadonlyMap<NodeId, number>;
};
type Account = { nonce: bigint; balance: bigint };
type Executed = { readonly height: number; readonly index: number; readonly isSuccess: boolean };

export class ChainModel {
  readonly genesisHash: HashHex;
  readonly accounts: Map<string, Account> = new Map();
  readonly executed: Map<HashHex, Executed> = new Map();
  readonly governance: GovernanceModel;
  term: ModelTerm;
  height = 0;
  readonly #demotionTerms: number;

  constructor(genesis: Genesis, genesisHash: HashHex) {
    this.genesisHash = genesisHash;
    this.governance = new GovernanceModel(genesis);
    this.#demotionTerms = genesis.parameters.demotionTerms;
    for (const { address, balance, nonce } of genesis.accounts) this.accounts.set(address, { balance, nonce });
    const [first] = this.governance.validators();
    if (first === undefined) throw new Error('genesis names a validator');
    this.term = this.#begin(0, 0, first.nodeId, new Map());
  }

  /** Whether it is registered and not suspended: it may connect. */
  isAdmitted(nodeId: NodeId): boolean {
    const member = this.governance.memberOf(nodeId);
    return member !== undefined && member.role !== 'suspended';
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
    const height = this.height + 1;
    const account = { ...this.balanceOf(intent.sender) };
    account.nonce++;
    this.accounts.set(intent.sender, account);
    const isSuccess = this.#effect(intent, account, height);
    this.executed.set(hash, { height, index, isSuccess });
  }

  /** After the transactions of the block: MEM-21 to MEM-24, GOV-43, GOV-50. True when the term ends with it. */
  endBlock(height: number, view: number, proposer: NodeId): boolean {
    const { term, governance } = this;
    this.height = height;
    governance.expire(height);
    term.proposers.add(proposer);
    term.highestView = Math.max(term.highestView, view);
    if (height === term.endHeight) {
      const absent = this.#absentAtEnd();
      const ofTerm = new Map([...absent].filter(([id]) => term.validators.some(({ nodeId }) => nodeId === id)));
      governance.demote(ofTerm, { term: term.term, height, demotionTerms: this.#demotionTerms });
      const validators = governance.validators();
      const starter = (validators.find(({ nodeId }) => nodeId > term.starter) ?? validators[0])?.nodeId as NodeId;
      const staying = new Map([...absent].filter(([id]) => validators.some(({ nodeId }) => nodeId === id)));
      this.term = this.#begin(term.term + 1, height, starter, staying);
      return true;
    }
    const isChanged =
      JSON.stringify(governance.validators()) !== JSON.stringify(term.validators) ||
      JSON.stringify(governance.parameters) !== JSON.stringify(term.parameters);
    if (isChanged && !term.isEndScheduled) {
      term.isEndScheduled = true;
      term.endHeight = Math.min(term.endHeight, height + term.parameters.hansa_window);
    }
    return false;
  }

  /** Whether its receipt says that it succeeded. */
  #effect(intent: Intent, account: Account, height: number): boolean {
    switch (intent.type) {
      case 'transfer': {
        account.balance -= intent.value;
        const other = { ...this.balanceOf(intent.to) };
        other.balance += intent.value;
        this.accounts.set(intent.to, other);
        return true;
      }
      case 'attest':
        this.governance.attest(intent, this.term.validators, height);
        return true;
      case 'succeed':
        // A refusal is a code that it returns.
        this.governance.succeed(intent, height);
        return true;
      default:
        return this.governance.govern(intent, intent.sender, height);
    }
  }

  #begin(term: number, base: number, starter: NodeId, absent: ReadonlyMap<NodeId, number>): ModelTerm {
    const validators = this.governance.validators();
    const { parameters } = this.governance;
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
      parameters,
      order: term % 8 === 0 ? [...away, ...here] : [...here, ...away],
      starter,
      endHeight: base + parameters.consensus_leader_period,
      isEndScheduled: false,
      highestView: 0,
      proposers: new Set(),
      absent,
    };
  }

  /** MEM-24, whether or not they belong to the next set. */
  #absentAtEnd(): ReadonlyMap<NodeId, number> {
    const { term, validators, order, highestView, proposers, absent } = this.term;
    const away = new Map(absent);
    for (const index of order.slice(0, highestView)) {
      const { nodeId } = validators[index] as ModelValidator;
      if (!away.has(nodeId)) away.set(nodeId, term + 1);
    }
    for (const nodeId of proposers) away.delete(nodeId);
    return away;
  }
}
