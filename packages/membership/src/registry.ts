import { type AddressHex, compareText, type Height, type NodeId } from '@hansa/primitives';
import type { ValidatorSet } from '@hansa/protocol';

/** A member of the consortium. Its admin accounts act for it. */
export type Organisation = {
  readonly id: string;
  readonly name: string;
  /** In ascending order. */
  readonly admins: readonly AddressHex[];
};

/** FISCO BCOS: consensus_sealer and consensus_observer. */
export type Role = 'validator' | 'observer';

export type RegisteredNode = {
  readonly nodeId: NodeId;
  readonly organisationId: string;
  readonly role: Role;
  /** From 1 for a validator, 0 for an observer. */
  readonly weight: number;
  /** Multiaddrs without a peer id. May be empty: such a node dials others and is not dialed. */
  readonly addresses: readonly string[];
  /** Block in which role, weight or addresses were last changed; 0 in genesis. */
  readonly since: Height;
};

/** Who belongs to the consortium: organisations by id, nodes by node id, both ascending. */
export type Registry = { readonly organisations: readonly Organisation[]; readonly nodes: readonly RegisteredNode[] };

export function findNode(registry: Registry, nodeId: string): RegisteredNode | undefined {
  return registry.nodes.find((node) => node.nodeId === nodeId);
}

/** The organisation for which an account acts; the first by id when there are several. */
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
    const other = b[index];
    return (
      other !== undefined &&
      validator.nodeId === other.nodeId &&
      validator.weight === other.weight &&
      validator.organisationId === other.organisationId
    );
  });
}

export const byNodeId = (a: { readonly nodeId: NodeId }, b: { readonly nodeId: NodeId }): number =>
  compareText(a.nodeId, b.nodeId);
export const byId = (a: { readonly id: string }, b: { readonly id: string }): number => compareText(a.id, b.id);
