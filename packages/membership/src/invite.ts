/** When an invite lets a node in (docs/spec/joining.md, JOIN-10 to JOIN-13). Pure. */
import {
  type AddressHex,
  asciiBytes,
  bytesToHex,
  fail,
  type HashHex,
  type Height,
  type NodeId,
  ok,
  type Result,
  toAddressHex,
} from '@hansa/primitives';
import {
  GENESIS_ADDRESS_COUNT_MAX,
  GENESIS_NODE_COUNT_MAX,
  type Invite,
  isNodeAddress,
  type ProtocolFailure,
  Reader,
  type StateKey,
  type StateReader,
  systemKey,
  Writer,
} from '@hansa/protocol';
import { MEMBERSHIP_CODES, type Refusal } from './codes.ts';
import type { Committee } from './committee.ts';
import { RECORD_VERSION, readVersion } from './records.ts';
import { findNode, findOrganisation, type Registry, withNode } from './registry.ts';
import { readRecord } from './store.ts';

/** Use and revocation of invites. */
export const INVITES_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000010004');
/** How long an invite can be open, in seconds. */
export const INVITE_SECONDS_MAX: number = 31 * 24 * 3_600;
/** Nodes of an organisation above which the committee, not an invite, adds others. */
export const INVITED_NODE_COUNT_MAX = 16;

export type InviteRecord = {
  readonly state: 'used' | 'revoked';
  readonly height: Height;
  /** Who came in by it; undefined when it was revoked. */
  readonly nodeId: NodeId | undefined;
};

const STATES = [undefined, 'used', 'revoked'] as const;
const NODE_ID_SIZE = 64;

export const inviteKey = (id: HashHex): StateKey =>
  systemKey(INVITES_ADDRESS, `${bytesToHex(asciiBytes('invite/'))}${id}`);

/** spec JOIN-12. */
export function encodeInviteRecord({ state, height, nodeId }: InviteRecord): Uint8Array {
  const writer = new Writer().u8(RECORD_VERSION).u8(STATES.indexOf(state)).u64(height);
  return (nodeId === undefined ? writer.u32(0) : writer.u32(NODE_ID_SIZE).hex(nodeId, NODE_ID_SIZE)).finish();
}

export function decodeInviteRecord(bytes: Uint8Array): Result<InviteRecord, ProtocolFailure> {
  const reader = new Reader(bytes, 'record of an invite');
  readVersion(reader);
  const number = reader.u8();
  const state = STATES[number];
  if (state === undefined) reader.fail('PROTOCOL_OUT_OF_RANGE', `there is no state ${number}`);
  const height = reader.height();
  const node = reader.bytes(NODE_ID_SIZE);
  if (node.length !== (state === 'used' ? NODE_ID_SIZE : 0))
    reader.fail('PROTOCOL_OUT_OF_RANGE', 'a node stands in the record exactly of a used invite');
  const nodeId = node.length === 0 ? undefined : (bytesToHex(node) as NodeId);
  return reader.finish({ state: state as InviteRecord['state'], height, nodeId });
}

export function readInviteRecord(state: StateReader, id: HashHex): InviteRecord | undefined {
  const key = inviteKey(id);
  return state.get(key) === undefined ? undefined : readRecord(state, key, decodeInviteRecord);
}

export type Newcomer = { readonly nodeId: string; readonly addresses: readonly string[] };

/** What is known of an invite and of who shows it. Functions are called when all that is cheaper was right. */
export type JoinFacts = {
  readonly genesisHash: HashHex;
  /** Height and time (seconds since 1970) of the block. */
  readonly height: Height;
  readonly timestamp: number;
  readonly record: InviteRecord | undefined;
  /** Accounts that have signed; undefined stands for a signature that is none. */
  readonly signers: () => readonly (AddressHex | undefined)[];
  readonly isValidNodeId: (nodeId: string) => nodeId is NodeId;
  /** Whether ticket and node have signed for this node. */
  readonly hasProofs: (nodeId: NodeId) => boolean;
};

/** The registry with the newcomer as an observer, or why not (spec JOIN-10). */
export function admitInvited(
  { registry, committee }: { readonly registry: Registry; readonly committee: Committee },
  invite: Invite,
  { nodeId, addresses }: Newcomer,
  facts: JoinFacts,
): Result<Registry, Refusal> {
  const { genesisHash, timestamp, record } = facts;
  if (invite.genesisHash !== genesisHash) return refuse('invalidInvite', 'the invite is for another chain');
  if (timestamp > invite.expiresAt) return refuse('inviteExpired', 'the invite has expired');
  if (timestamp < invite.expiresAt - INVITE_SECONDS_MAX)
    return refuse('inviteExpired', 'the invite is open for too long: 31 days at most');
  if (record?.state === 'used') return refuse('inviteUsed', 'the invite was used already');
  if (record?.state === 'revoked') return refuse('inviteRevoked', 'the invite was revoked');
  const { organisationId, inviterId } = invite;
  if (findOrganisation(registry, organisationId) === undefined)
    return refuse('organisationNotExist', `there is no organisation ${organisationId}`);
  if (!isSigned(registry, committee, invite, facts.signers()))
    return refuse('inviteUnsigned', `the invite is not signed by the admins of ${inviterId}`);
  if (!facts.isValidNodeId(nodeId)) return refuse('invalidNodeId', 'the node id is no public key of 128 hex digits');
  if (addresses.length > GENESIS_ADDRESS_COUNT_MAX || !addresses.every(isNodeAddress))
    return refuse(
      'invalidAddress',
      `at most ${GENESIS_ADDRESS_COUNT_MAX} addresses like /ip4/10.0.0.1/tcp/30300 are expected`,
    );
  if (!facts.hasProofs(nodeId)) return refuse('inviteProof', 'the secret of the invite or the node key has not signed');
  if (findNode(registry, nodeId) !== undefined) return refuse('alreadyRegistered', 'the node is registered already');
  if (registry.nodes.filter((node) => node.organisationId === organisationId).length >= INVITED_NODE_COUNT_MAX)
    return refuse('tooManyInvited', `${organisationId} has ${INVITED_NODE_COUNT_MAX} nodes or more`);
  if (registry.nodes.length >= GENESIS_NODE_COUNT_MAX)
    return refuse('tooManyNodes', `at most ${GENESIS_NODE_COUNT_MAX} nodes can be registered`);
  const stamp = { since: facts.height, reason: inviteCause(inviterId) };
  return ok(withNode(registry, { nodeId, organisationId, role: 'observer', weight: 0, addresses, ...stamp }));
}

export const inviteCause = (inviterId: string): string => `invited by ${inviterId}`;

/** spec JOIN-2: by as many admins of the inviter as its threshold says, and by nobody else. */
function isSigned(
  registry: Registry,
  committee: Committee,
  { organisationId, inviterId }: Invite,
  signers: readonly (AddressHex | undefined)[],
): boolean {
  const inviter = findOrganisation(registry, inviterId);
  if (inviter === undefined || inviter.threshold === 0) return false;
  const governs = committee.governors.some((governor) => governor.organisationId === inviterId);
  if (inviterId !== organisationId && !governs) return false;
  const isByAdmins = signers.every((signer) => signer !== undefined && inviter.admins.includes(signer));
  return isByAdmins && new Set(signers).size >= inviter.threshold;
}

/** The record of a revoked invite, or why it cannot be (spec JOIN-13). */
export function revokeInvite(
  registry: Registry,
  invite: Invite,
  facts: { readonly caller: AddressHex; readonly height: Height; readonly record: InviteRecord | undefined },
): Result<InviteRecord, Refusal> {
  const isAdminOf = (id: string): boolean => findOrganisation(registry, id)?.admins.includes(facts.caller) === true;
  if (!isAdminOf(invite.inviterId) && !isAdminOf(invite.organisationId))
    return refuse('noPermission', 'only an admin of the inviter or of the invited organisation can revoke an invite');
  if (facts.record?.state === 'used') return refuse('inviteUsed', 'the invite was used already');
  if (facts.record?.state === 'revoked') return refuse('inviteRevoked', 'the invite was revoked already');
  return ok({ state: 'revoked', height: facts.height, nodeId: undefined });
}

const refuse = (code: keyof typeof MEMBERSHIP_CODES, message: string): Result<never, Refusal> =>
  fail({ code: MEMBERSHIP_CODES[code], message });
