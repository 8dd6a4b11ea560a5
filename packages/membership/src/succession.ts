/** A node hands its place over to another key, an organisation its admin accounts (docs/spec/succession.md). Pure. */
import {
  type AddressHex,
  asciiBytes,
  bytesToHex,
  compareText,
  fail,
  type Height,
  type NodeId,
  ok,
  type Result,
  toAddressHex,
} from '@hansa/primitives';
import {
  type ProtocolFailure,
  Reader,
  type StateKey,
  type StateReader,
  systemKey,
  VALIDATOR_COUNT_MAX,
  Writer,
} from '@hansa/protocol';
import { MEMBERSHIP_CODES, type Refusal } from './codes.ts';
import { PROMOTION_HEIGHTS } from './govern.ts';
import { RECORD_VERSION, readVersion } from './records.ts';
import { findNode, findOrganisation, type RegisteredNode, type Registry, withNode } from './registry.ts';
import { readRecord } from './store.ts';

/** Keys of nodes and admin accounts that follow others. */
export const SUCCESSION_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000010005');
/** How many keys later a proof of misbehaviour still finds the node. */
const SUCCESSOR_STEPS_MAX = 8;

/** A candidate that takes the place of a validator when it is attested. */
export type Succession = { readonly newNodeId: NodeId; readonly oldNodeId: NodeId; readonly deadline: Height };

const recordKey = (nameHex: string): StateKey => systemKey(SUCCESSION_ADDRESS, nameHex);
const textHex = (text: string): string => bytesToHex(asciiBytes(text));
export const SUCCESSIONS_KEY: StateKey = recordKey(textHex('successions'));
export const successorKey = (oldNodeId: string): StateKey => recordKey(`${textHex('successor/')}${oldNodeId}`);
export const adminsCountKey = (organisationId: string): StateKey => recordKey(textHex(`admins/${organisationId}`));

/** spec SUC-4. */
export function encodeSuccessions(successions: readonly Succession[]): Uint8Array {
  return new Writer()
    .u8(RECORD_VERSION)
    .list(successions, (w, { newNodeId, oldNodeId, deadline }) => w.hex(newNodeId, 64).hex(oldNodeId, 64).u64(deadline))
    .finish();
}

export function decodeSuccessions(bytes: Uint8Array): Result<readonly Succession[], ProtocolFailure> {
  const reader = new Reader(bytes, 'successions');
  readVersion(reader);
  return reader.finish(
    reader.list(VALIDATOR_COUNT_MAX, (r) => ({
      newNodeId: r.nodeId(),
      oldNodeId: r.nodeId(),
      deadline: r.height(),
    })),
  );
}

export function readSuccessions(state: StateReader): readonly Succession[] {
  return state.get(SUCCESSIONS_KEY) === undefined ? [] : readRecord(state, SUCCESSIONS_KEY, decodeSuccessions);
}

/** Who has taken the place of a key, and when (spec SUC-7). */
export type Successor = { readonly newNodeId: NodeId; readonly height: Height };

export function encodeSuccessor({ newNodeId, height }: Successor): Uint8Array {
  return new Writer().u8(RECORD_VERSION).hex(newNodeId, 64).u64(height).finish();
}

export function decodeSuccessor(bytes: Uint8Array): Result<Successor, ProtocolFailure> {
  const reader = new Reader(bytes, 'successor');
  readVersion(reader);
  return reader.finish({ newNodeId: reader.nodeId(), height: reader.height() });
}

export function readSuccessor(state: StateReader, oldNodeId: string): Successor | undefined {
  const key = successorKey(oldNodeId);
  return state.get(key) === undefined ? undefined : readRecord(state, key, decodeSuccessor);
}

/** The registered node that has the place of this key now, or the key itself (spec SUC-7). */
export function presentNodeOf(state: StateReader, registry: Registry, nodeId: string): string {
  let current = nodeId;
  for (let i = 0; i < SUCCESSOR_STEPS_MAX && findNode(registry, current) === undefined; i++)
    current = readSuccessor(state, current)?.newNodeId ?? current;
  return current;
}

/** What is known of a succession. Functions are called when all that is cheaper was right. */
export type SuccessionFacts = {
  readonly height: Height;
  readonly waiting: readonly Succession[];
  readonly isSignedByNode: (old: RegisteredNode) => boolean;
  /** Accounts that have signed; undefined stands for a signature that is none. */
  readonly signers: (old: RegisteredNode) => readonly (AddressHex | undefined)[];
};

export type Succeeded = {
  readonly registry: Registry;
  readonly waiting: readonly Succession[];
  /** Whether the place was handed over. */
  readonly isDone: boolean;
};

/** The new node takes the place of an observer, or becomes the candidate for that of a validator (spec SUC-2). */
export function succeed(
  registry: Registry,
  { oldNodeId, newNodeId }: { readonly oldNodeId: string; readonly newNodeId: string },
  facts: SuccessionFacts,
): Result<Succeeded, Refusal> {
  const { height, waiting } = facts;
  const [old, next] = [findNode(registry, oldNodeId), findNode(registry, newNodeId)];
  if (old === undefined) return refuse('nodeNotExist', 'the old node is not registered');
  if (old.role === 'candidate' || old.role === 'suspended')
    return refuse('hasNoPlace', `the old node is a ${old.role === 'candidate' ? 'candidate' : 'suspended one'}`);
  if (next === undefined || next === old || next.role !== 'observer' || next.organisationId !== old.organisationId)
    return refuse('notASuccessor', `the new node is no observer of ${old.organisationId}`);
  const isTaken = waiting.some((each) => each.oldNodeId === oldNodeId);
  if (isTaken || waiting.length >= VALIDATOR_COUNT_MAX)
    return refuse('alreadySucceeded', 'another node waits to succeed the old one, or too many wait');
  if (!facts.isSignedByNode(old) && !isSignedByAdmins(registry, old, facts.signers(old)))
    return refuse('successionUnsigned', `neither the old node nor ${old.organisationId} has signed it`);
  // spec SUC-3
  if (old.role === 'observer')
    return ok({ registry: handedOver(registry, { old, next, height }), waiting, isDone: true });
  const stamp = { since: height, reason: `to succeed ${oldNodeId}` };
  const succession = {
    newNodeId: next.nodeId,
    oldNodeId: old.nodeId,
    deadline: (height + PROMOTION_HEIGHTS) as Height,
  };
  return ok({
    registry: withNode(registry, { ...next, role: 'candidate', weight: old.weight, ...stamp }),
    waiting: [...waiting, succession].sort((a, b) => compareText(a.newNodeId, b.newNodeId)),
    isDone: false,
  });
}

function isSignedByAdmins(
  registry: Registry,
  { organisationId }: RegisteredNode,
  signers: readonly (AddressHex | undefined)[],
): boolean {
  const organisation = findOrganisation(registry, organisationId);
  if (organisation === undefined || organisation.threshold === 0) return false;
  const isByAdmins = signers.every((signer) => signer !== undefined && organisation.admins.includes(signer));
  return isByAdmins && new Set(signers).size >= organisation.threshold;
}

/** The new node, which a quorum has attested, takes the place; none, when there is no place any more (spec SUC-5). */
export function takePlace(
  registry: Registry,
  waiting: readonly Succession[],
  { succession, height }: { readonly succession: Succession; readonly height: Height },
): Succeeded {
  const [old, next] = [findNode(registry, succession.oldNodeId), findNode(registry, succession.newNodeId)];
  const others = waiting.filter((each) => each.newNodeId !== succession.newNodeId);
  if (next === undefined || old?.role !== 'validator')
    return { ...giveUp(registry, waiting, { succession, height, why: 'there is no place any more' }), isDone: false };
  return { registry: handedOver(registry, { old, next, height }), waiting: others, isDone: true };
}

function handedOver(
  registry: Registry,
  parts: { readonly old: RegisteredNode; readonly next: RegisteredNode; readonly height: Height },
): Registry {
  const { old, next, height } = parts;
  const { role, weight } = old;
  const stamp = { since: height, reason: `succeeds ${old.nodeId}` };
  const nodes = registry.nodes.filter((node) => node !== old);
  return withNode({ ...registry, nodes }, { ...next, role, weight, ...stamp });
}

/** A node that waits is an observer again (spec SUC-6). */
export function giveUp(
  registry: Registry,
  waiting: readonly Succession[],
  parts: { readonly succession: Succession; readonly height: Height; readonly why: string },
): Omit<Succeeded, 'isDone'> {
  const { succession, height, why } = parts;
  const next = findNode(registry, succession.newNodeId);
  const others = waiting.filter((each) => each.newNodeId !== succession.newNodeId);
  if (next?.role !== 'candidate') return { registry, waiting: others };
  const stamp = { since: height, reason: `to succeed ${succession.oldNodeId}: ${why}` };
  return { registry: withNode(registry, { ...next, role: 'observer', weight: 0, ...stamp }), waiting: others };
}

/** What an admin of the organisation takes back (spec SUC-6). */
export function abandon(
  registry: Registry,
  waiting: readonly Succession[],
  request: { readonly newNodeId: string; readonly caller: AddressHex; readonly height: Height },
): Result<Omit<Succeeded, 'isDone'>, Refusal> {
  const { newNodeId, caller, height } = request;
  const succession = waiting.find((each) => each.newNodeId === newNodeId);
  if (succession === undefined) return refuse('noSuccession', 'this node waits to succeed none');
  const organisation = findOrganisation(registry, findNode(registry, newNodeId)?.organisationId ?? '');
  if (organisation?.admins.includes(caller) !== true)
    return refuse('noPermission', 'only an admin of its organisation can abandon it');
  return ok(giveUp(registry, waiting, { succession, height, why: 'abandoned' }));
}

/** Whether present and new admin accounts, and nobody else, have signed a change of theirs (spec SUC-10). */
export function areAdminsSigned(
  present: { readonly admins: readonly AddressHex[]; readonly threshold: number },
  next: { readonly admins: readonly AddressHex[]; readonly threshold: number },
  signers: readonly (AddressHex | undefined)[],
): boolean {
  const distinct = new Set(signers);
  const of = (admins: readonly AddressHex[]): number => admins.filter((admin) => distinct.has(admin)).length;
  const isByThem = signers.every(
    (signer) => signer !== undefined && (present.admins.includes(signer) || next.admins.includes(signer)),
  );
  if (!isByThem || present.threshold === 0) return false;
  return of(present.admins) >= present.threshold && of(next.admins) >= next.threshold;
}

const refuse = (code: keyof typeof MEMBERSHIP_CODES, message: string): Result<never, Refusal> =>
  fail({ code: MEMBERSHIP_CODES[code], message });
