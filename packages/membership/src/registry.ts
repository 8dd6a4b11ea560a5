import { type AddressHex, compareText, type Height, type NodeId } from '@hansa/primitives';
import type { ValidatorSet } from '@hansa/protocol';

/** A member of the consortium. Its admin accounts act for it together. */
export type Organisation = {
  readonly id: string;
  readonly name: string;
  /** Whom to call or write to; may be empty. */
  readonly contact: string;
  /** In ascending order. No account acts for two organisations. */
  readonly admins: readonly AddressHex[];
  /** So many admin accounts must agree for the organisation to vote; 0 exactly without any. */
  readonly threshold: number;
};

/**
 * FISCO BCOS has consensus_sealer and consensus_observer. A candidate is an observer that the committee wants as
 * validator and that the present validators have not yet attested; a suspended node may not connect.
 */
export type Role = 'validator' | 'candidate' | 'observer' | 'suspended';

export type RegisteredNode = {
  readonly nodeId: NodeId;
  readonly organisationId: string;
  readonly role: Role;
  /** From 1 for a validator, and for a candidate that which it will have; 0 for others. */
  readonly weight: number;
  /** Multiaddrs without a peer id. May be empty: such a node dials others and is not dialed. */
  readonly addresses: readonly string[];
  /** Block of the last change; 0 in genesis. */
  readonly since: Height;
  /** What brought it about: `genesis`, `proposal 7`, `attested`, `absent for 4 terms`, … */
  readonly reason: string;
};

/** Who belongs to the consortium: organisations by id, nodes by node id, both ascending. */
export type Registry = { readonly organisations: readonly Organisation[]; readonly nodes: readonly RegisteredNode[] };

export function findNode(registry: Registry, nodeId: string): RegisteredNode | undefined {
  return registry.nodes.find((node) => node.nodeId === nodeId);
}

export function findOrganisation(registry: Registry, id: string): Organisation | undefined {
  return registry.organisations.find((organisation) => organisation.id === id);
}

/** The organisation for which an account acts. */
export function organisationOf(registry: Registry, admin: AddressHex): Organisation | undefined {
  return registry.organisations.find((organisation) => organisation.admins.includes(admin));
}

/** The validators that the registry names, ordered by node id. */
export function validatorSetOf(registry: Registry): ValidatorSet {
  return registry.nodes
    .filter((node) => node.role === 'validator')
    .map(({ nodeId, weight, organisationId }) => ({ nodeId, weight, organisationId }));
}

export function isSameValidatorSet(a: ValidatorSet, b: ValidatorSet): boolean {
  if (a.length !== b.length) return false;
  return a.every((validator, index) => {
    const other = b[index] as ValidatorSet[number];
    return (
      validator.nodeId === other.nodeId &&
      validator.weight === other.weight &&
      validator.organisationId === other.organisationId
    );
  });
}

/** The registry with one node added or replaced. */
export function withNode(registry: Registry, node: RegisteredNode): Registry {
  return {
    ...registry,
    nodes: [...registry.nodes.filter((other) => other.nodeId !== node.nodeId), node].sort(byNodeId),
  };
}

export const byNodeId = (a: { readonly nodeId: NodeId }, b: { readonly nodeId: NodeId }): number =>
  compareText(a.nodeId, b.nodeId);
export const byId = (a: { readonly id: string }, b: { readonly id: string }): number => compareText(a.id, b.id);
