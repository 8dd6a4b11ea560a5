import { type AddressHex, fail, type Height, isNodeId, type NodeId, ok, type Result } from '@hansa/primitives';
import {
  GENESIS_ADDRESS_COUNT_MAX,
  GENESIS_NODE_COUNT_MAX,
  isNodeAddress,
  VALIDATOR_COUNT_MAX,
  VALIDATOR_WEIGHT_MAX,
} from '@hansa/protocol';
import {
  byNodeId,
  findNode,
  type Organisation,
  organisationOf,
  type RegisteredNode,
  type Registry,
} from './registry.ts';

/** What the functions of the system contract 0x1003 ask for. */
export type MembershipChange =
  | { readonly type: 'addObserver'; readonly nodeId: string; readonly addresses: readonly string[] | undefined }
  | { readonly type: 'addSealer'; readonly nodeId: string; readonly weight: bigint }
  | { readonly type: 'setWeight'; readonly nodeId: string; readonly weight: bigint }
  | { readonly type: 'remove'; readonly nodeId: string };

/**
 * Return codes of 0x1003. Those from -51104 upwards are FISCO BCOS's (PrecompiledRetCode); the rest is what it lacks.
 */
export const MEMBERSHIP_CODES = {
  noPermission: -50_000,
  invalidNodeId: -51_100,
  lastSealer: -51_101,
  invalidWeight: -51_102,
  nodeNotExist: -51_103,
  addSealerShouldBeObserver: -51_104,
  invalidAddress: -51_180,
  tooManyNodes: -51_181,
  notAValidator: -51_182,
} as const;

export type MembershipRefusal = { readonly code: number; readonly message: string };

/** How the registry's owner decides whether an id is a point of the chain's curve. */
export type ChangeContext = {
  readonly caller: AddressHex;
  readonly height: Height;
  readonly isValidNodeId: (nodeId: string) => boolean;
};

const refuse = (code: number, message: string): Result<never, MembershipRefusal> => fail({ code, message });

/**
 * The registry after a change, or why not (spec MEM-10 to MEM-16). Only admin accounts of organisations change it, and
 * `addObserver` is for the nodes of the caller's organisation.
 */
export function applyChange(
  registry: Registry,
  change: MembershipChange,
  context: ChangeContext,
): Result<Registry, MembershipRefusal> {
  const organisation = organisationOf(registry, context.caller);
  if (organisation === undefined)
    return refuse(MEMBERSHIP_CODES.noPermission, 'the caller is no admin account of an organisation');
  const nodeId = change.nodeId.toLowerCase();
  if (!isNodeId(nodeId) || !context.isValidNodeId(nodeId))
    return refuse(MEMBERSHIP_CODES.invalidNodeId, 'the node id is no public key of 128 hex digits');
  const known = findNode(registry, nodeId);
  switch (change.type) {
    case 'addObserver':
      return addObserver(registry, known, {
        nodeId,
        addresses: change.addresses,
        organisation,
        height: context.height,
      });
    case 'addSealer':
      return addSealer(registry, known, change.weight, context.height);
    case 'setWeight':
      return setWeight(registry, known, change.weight, context.height);
    case 'remove':
      if (known === undefined) return refuse(MEMBERSHIP_CODES.nodeNotExist, 'the node is not registered');
      if (isLastValidator(registry, known))
        return refuse(MEMBERSHIP_CODES.lastSealer, 'the last validator cannot be removed');
      return ok({ ...registry, nodes: registry.nodes.filter((node) => node.nodeId !== nodeId) });
  }
}

type ObserverRequest = {
  readonly nodeId: NodeId;
  readonly addresses: readonly string[] | undefined;
  readonly organisation: Organisation;
  readonly height: Height;
};

function addObserver(
  registry: Registry,
  known: RegisteredNode | undefined,
  request: ObserverRequest,
): Result<Registry, MembershipRefusal> {
  const { addresses } = request;
  if (known !== undefined && known.organisationId !== request.organisation.id)
    return refuse(MEMBERSHIP_CODES.noPermission, `the node belongs to ${known.organisationId}`);
  if (addresses !== undefined && (addresses.length > GENESIS_ADDRESS_COUNT_MAX || !addresses.every(isNodeAddress))) {
    return refuse(
      MEMBERSHIP_CODES.invalidAddress,
      `at most ${GENESIS_ADDRESS_COUNT_MAX} addresses like /ip4/10.0.0.1/tcp/30300 are expected`,
    );
  }
  if (known !== undefined && isLastValidator(registry, known)) {
    return refuse(MEMBERSHIP_CODES.lastSealer, 'the last validator cannot become an observer');
  }
  if (known === undefined && registry.nodes.length >= GENESIS_NODE_COUNT_MAX) {
    return refuse(MEMBERSHIP_CODES.tooManyNodes, `at most ${GENESIS_NODE_COUNT_MAX} nodes can be registered`);
  }
  const node: RegisteredNode = {
    nodeId: request.nodeId,
    organisationId: request.organisation.id,
    role: 'observer',
    weight: 0,
    addresses: addresses ?? known?.addresses ?? [],
    since: request.height,
  };
  return ok(withNode(registry, node));
}

function addSealer(
  registry: Registry,
  known: RegisteredNode | undefined,
  weight: bigint,
  height: Height,
): Result<Registry, MembershipRefusal> {
  if (!isWeight(weight))
    return refuse(MEMBERSHIP_CODES.invalidWeight, `a weight from 1 to ${VALIDATOR_WEIGHT_MAX} is expected`);
  if (known === undefined)
    return refuse(MEMBERSHIP_CODES.addSealerShouldBeObserver, 'only a registered observer can become a validator');
  if (
    known.role === 'observer' &&
    registry.nodes.filter((node) => node.role === 'validator').length >= VALIDATOR_COUNT_MAX
  ) {
    return refuse(MEMBERSHIP_CODES.tooManyNodes, `at most ${VALIDATOR_COUNT_MAX} validators are possible`);
  }
  return ok(withNode(registry, { ...known, role: 'validator', weight: Number(weight), since: height }));
}

function setWeight(
  registry: Registry,
  known: RegisteredNode | undefined,
  weight: bigint,
  height: Height,
): Result<Registry, MembershipRefusal> {
  if (known === undefined) return refuse(MEMBERSHIP_CODES.nodeNotExist, 'the node is not registered');
  if (!isWeight(weight))
    return refuse(MEMBERSHIP_CODES.invalidWeight, `a weight from 1 to ${VALIDATOR_WEIGHT_MAX} is expected`);
  if (known.role !== 'validator')
    return refuse(MEMBERSHIP_CODES.notAValidator, 'an observer has no weight; make it a validator first');
  return ok(withNode(registry, { ...known, weight: Number(weight), since: height }));
}

const isWeight = (weight: bigint): boolean => weight >= 1n && weight <= BigInt(VALIDATOR_WEIGHT_MAX);

function isLastValidator(registry: Registry, node: RegisteredNode): boolean {
  return node.role === 'validator' && registry.nodes.filter((other) => other.role === 'validator').length === 1;
}

function withNode(registry: Registry, node: RegisteredNode): Registry {
  return {
    ...registry,
    nodes: [...registry.nodes.filter((other) => other.nodeId !== node.nodeId), node].sort(byNodeId),
  };
}
