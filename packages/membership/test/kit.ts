import { standardSuite as suite } from '@hansa/crypto';
import { type AddressHex, compareText, type HashHex, type Height, type NodeId, ZERO_HASH } from '@hansa/primitives';
import { type ChainParameters, DEFAULT_CHAIN_PARAMETERS, type ValidatorSet } from '@hansa/protocol';
import type { BlockFacts, ChangeContext, Registry, TermState } from '../src/index.ts';

/** Real public keys: what the curve check of the chain accepts. Ascending. */
export const NODE_IDS: readonly NodeId[] = Array.from({ length: 12 }, (_, i) =>
  suite.nodeIdOf(new Uint8Array(32).fill(i + 1)),
).sort(compareText);
export const nodeIdAt = (index: number): NodeId => NODE_IDS[index] as NodeId;
export const admin = (n: number): AddressHex => n.toString(16).padStart(40, '0') as AddressHex;
export const height = (n: number): Height => n as Height;

/** `validatorCount` validators, each of an organisation of its own with admin(i + 1). */
export function registryOf(validatorCount: number): Registry {
  return {
    organisations: Array.from({ length: validatorCount }, (_, i) => ({
      id: `org${i}`,
      name: `Organisation ${i}`,
      admins: [admin(i + 1)],
    })),
    nodes: Array.from({ length: validatorCount }, (_, i) => ({
      nodeId: nodeIdAt(i),
      organisationId: `org${i}`,
      role: 'validator' as const,
      weight: 1,
      addresses: [`/ip4/10.0.0.${i + 1}/tcp/30300`],
      since: height(0),
    })),
  };
}

export const context = (over: Partial<ChangeContext> = {}): ChangeContext => ({
  caller: admin(1),
  height: height(7),
  isValidNodeId: (nodeId) => suite.isValidNodeId(nodeId),
  ...over,
});

export const parameters = (over: Partial<ChainParameters> = {}): ChainParameters => ({
  ...DEFAULT_CHAIN_PARAMETERS,
  ...over,
});
export const setOf = (count: number, weight = 1): ValidatorSet =>
  Array.from({ length: count }, (_, i) => ({ nodeId: nodeIdAt(i), weight, organisationId: `org${i}` }));

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
