import { standardSuite as suite } from '@hansa/crypto';
import {
  type AddressHex,
  compareText,
  type HashHex,
  type Height,
  type NodeId,
  type Result,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  type ChainParameters,
  DEFAULT_CHAIN_PARAMETERS,
  type StateChange,
  type StateKey,
  type StateReader,
  type ValidatorSet,
} from '@hansa/protocol';
import {
  type ApplyContext,
  type BlockFacts,
  type Committee,
  type GovernContext,
  type Governed,
  NO_LIST,
  type Refusal,
  type Registry,
  type TermState,
} from '../src/index.ts';

/** Real public keys: what the curve check of the chain accepts. Ascending. */
export const NODE_IDS: readonly NodeId[] = Array.from({ length: 12 }, (_, i) =>
  suite.nodeIdOf(new Uint8Array(32).fill(i + 1)),
).sort(compareText);
export const nodeIdAt = (index: number): NodeId => NODE_IDS[index] as NodeId;
export const admin = (n: number): AddressHex => n.toString(16).padStart(40, '0') as AddressHex;
export const height = (n: number): Height => n as Height;

/** Contracts that exist in these tests. */
export const CONTRACT: AddressHex = 'c0'.repeat(20) as AddressHex;

/** `validatorCount` validators, each of an organisation of its own with admin(i + 1). */
export function registryOf(validatorCount: number): Registry {
  return {
    organisations: Array.from({ length: validatorCount }, (_, i) => ({
      id: `org${i}`,
      name: `Organisation ${i}`,
      contact: `ops@org${i}.example`,
      admins: [admin(i + 1)],
      threshold: 1,
    })),
    nodes: Array.from({ length: validatorCount }, (_, i) => ({
      nodeId: nodeIdAt(i),
      organisationId: `org${i}`,
      role: 'validator' as const,
      weight: 1,
      addresses: [`/ip4/10.0.0.${i + 1}/tcp/30300`],
      since: height(0),
      reason: 'genesis',
    })),
  };
}

export const committeeOf = (governorCount: number, over: Partial<Committee> = {}): Committee => ({
  participationRate: 66,
  winRate: 66,
  governors: Array.from({ length: governorCount }, (_, i) => ({ organisationId: `org${i}`, weight: 1 })),
  proposalCount: 0,
  openProposals: [],
  ...over,
});

/** `count` organisations, each with a validator and a vote in the committee. */
export const governedOf = (count: number, over: Partial<Governed> = {}): Governed => ({
  registry: registryOf(count),
  committee: committeeOf(count),
  parameters: parameters(),
  deploy: NO_LIST,
  contracts: new Map(),
  accounts: new Map(),
  ...over,
});

export const context = (over: Partial<ApplyContext> = {}): ApplyContext => ({
  height: height(7),
  reason: 'proposal 1',
  isValidNodeId: (nodeId) => suite.isValidNodeId(nodeId),
  isContract: (address) => address === CONTRACT,
  isPromoted: () => false,
  ...over,
});

export const caller = (n: number, at = 7): GovernContext => ({
  caller: admin(n),
  height: height(at),
  isValidNodeId: (nodeId) => suite.isValidNodeId(nodeId),
  isContract: (address) => address === CONTRACT,
});

/** The value, or the refusal as an error of the test. */
export function done<T>(result: Result<T, Refusal>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}
export const codeOf = (result: Result<unknown, Refusal>): number => (result.ok ? 0 : result.error.code);

/** A state in memory. */
export class MemoryState implements StateReader {
  readonly entries: Map<StateKey, Uint8Array> = new Map();
  constructor(changes: readonly StateChange[] = []) {
    this.apply(changes);
  }
  get(key: StateKey): Uint8Array | undefined {
    return this.entries.get(key);
  }
  apply(changes: readonly StateChange[]): void {
    for (const { key, value } of changes) {
      if (value === undefined) this.entries.delete(key);
      else this.entries.set(key, value);
    }
  }
}

export const parameters = (over: Partial<ChainParameters> = {}): ChainParameters => ({
  ...DEFAULT_CHAIN_PARAMETERS,
  ...over,
});
export const setOf = (count: number, weight = 1): ValidatorSet =>
  Array.from({ length: count }, (_, i) => ({ nodeId: nodeIdAt(i), weight, organisationId: `org${i}` }));
export const weighed = (...weights: readonly number[]): ValidatorSet =>
  weights.map((weight, i) => ({ nodeId: nodeIdAt(i), weight, organisationId: `org${i}` }));

/** Block `at` of a term, made in `view` by the primary of that view. */
export function block(state: TermState, at: number, view = 0): BlockFacts {
  const proposer = state.info.primaryOrder[view % state.info.primaryOrder.length];
  return {
    height: height(at),
    view: view as BlockFacts['view'],
    proposer: proposer as BlockFacts['proposer'],
    proposalDigest: at.toString(16).padStart(64, '0') as HashHex,
    timestamp: at * 10,
  };
}

export const GENESIS = { proposalDigest: ZERO_HASH, timestamp: 0 };
