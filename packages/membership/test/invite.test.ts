/** When an invite lets a node in: docs/spec/joining.md. */
import { standardSuite as suite } from '@hansa/crypto';
import { type AddressHex, type HashHex, isNodeId, type NodeId } from '@hansa/primitives';
import type { Invite } from '@hansa/protocol';
import { describe, expect, it } from 'vitest';
import {
  admitInvited,
  MEMBERSHIP_CODES as CODES,
  decodeInviteRecord,
  encodeInviteRecord,
  findNode,
  INVITE_SECONDS_MAX,
  INVITED_NODE_COUNT_MAX,
  type InviteRecord,
  inviteKey,
  type JoinFacts,
  type Newcomer,
  type Registry,
  readInviteRecord,
  revokeInvite,
} from '../src/index.ts';
import { admin, codeOf, committeeOf, height, nodeIdAt, registryOf } from './kit.ts';

const NOW = 1_700_000_000;
const GENESIS = 'ab'.repeat(32) as HashHex;
const ID = 'cd'.repeat(32) as HashHex;
const invite: Invite = {
  chainId: 1,
  groupId: 'group0',
  genesisHash: GENESIS,
  organisationId: 'bankg',
  inviterId: 'org0',
  ticket: nodeIdAt(8),
  expiresAt: NOW + 3_600,
  entries: [{ nodeId: nodeIdAt(0), address: '/ip4/10.0.0.1/tcp/30300' }],
};
const bankG = { id: 'bankg', name: 'Bank G', contact: '', admins: [admin(70), admin(71), admin(72)], threshold: 2 };
const base = registryOf(4);
const registry: Registry = { ...base, organisations: [...base.organisations, bankG] };
const newcomer: Newcomer = { nodeId: nodeIdAt(7), addresses: ['/ip4/10.0.0.7/tcp/30300'] };
const facts = (over: Partial<JoinFacts> = {}): JoinFacts => ({
  genesisHash: GENESIS,
  height: height(12),
  timestamp: NOW,
  record: undefined,
  signers: () => [admin(1)],
  isValidNodeId: (id): id is NodeId => isNodeId(id) && suite.isValidNodeId(id),
  hasProofs: () => true,
  ...over,
});
type Case = { invite?: Partial<Invite>; newcomer?: Partial<Newcomer>; facts?: Partial<JoinFacts>; registry?: Registry };
const join = (each: Case = {}): ReturnType<typeof admitInvited> =>
  admitInvited(
    { registry: each.registry ?? registry, committee: committeeOf(4) },
    { ...invite, ...each.invite },
    { ...newcomer, ...each.newcomer },
    facts(each.facts),
  );
const signedBy = (...signers: readonly (AddressHex | undefined)[]): Case => ({ facts: { signers: () => signers } });

/** The organisation has `own` nodes more, and the registry `others`. */
function crowded(own: number, others: number): Registry {
  const model = base.nodes[0] as Registry['nodes'][number];
  const nodeOf = (n: number, organisationId: string): Registry['nodes'][number] => ({
    ...model,
    nodeId: n.toString(16).padStart(128, '0') as NodeId,
    organisationId,
    role: 'observer',
    weight: 0,
  });
  const added = Array.from({ length: own + others }, (_, n) => nodeOf(n, n < own ? 'bankg' : 'org1'));
  return { ...registry, nodes: [...registry.nodes, ...added] };
}

describe('JOIN-10: an invite lets one node in', () => {
  it('JOIN-10: as an observer of its organisation, with who invited it', () => {
    const joined = join();
    if (!joined.ok) throw new Error(joined.error.message);
    expect(findNode(joined.value, newcomer.nodeId)).toEqual({
      nodeId: newcomer.nodeId,
      organisationId: 'bankg',
      role: 'observer',
      weight: 0,
      addresses: newcomer.addresses,
      since: 12,
      reason: 'invited by org0',
    });
    expect(joined.value.nodes).toHaveLength(5);
    expect(join({ newcomer: { addresses: [] } }).ok).toBe(true);
  });

  const refusals: readonly (readonly [what: string, each: Case, code: number])[] = [
    ['of another chain', { facts: { genesisHash: ID } }, CODES.invalidInvite],
    ['expired', { facts: { timestamp: NOW + 3_601 } }, CODES.inviteExpired],
    ['open for too long', { invite: { expiresAt: NOW + INVITE_SECONDS_MAX + 1 } }, CODES.inviteExpired],
    ['used', { facts: { record: { state: 'used', height: height(3), nodeId: nodeIdAt(9) } } }, CODES.inviteUsed],
    ['revoked', { facts: { record: { state: 'revoked', height: height(3), nodeId: undefined } } }, CODES.inviteRevoked],
    ['of an unknown organisation', { invite: { organisationId: 'bankh' } }, CODES.organisationNotExist],
    ['of a node id that is none', { newcomer: { nodeId: '12'.repeat(64) } }, CODES.invalidNodeId],
    ['with an address that is none', { newcomer: { addresses: ['here'] } }, CODES.invalidAddress],
    ['with nine addresses', { newcomer: { addresses: Array(9).fill('/ip4/10.0.0.7/tcp/1') } }, CODES.invalidAddress],
    ['without proofs', { facts: { hasProofs: () => false } }, CODES.inviteProof],
    ['for a registered node', { newcomer: { nodeId: nodeIdAt(2) } }, CODES.alreadyRegistered],
    ['of an organisation with many nodes', { registry: crowded(INVITED_NODE_COUNT_MAX, 0) }, CODES.tooManyInvited],
    ['with a full registry', { registry: crowded(0, 996) }, CODES.tooManyNodes],
  ];
  it.each(refusals)('JOIN-10: refused: %s', (_what, each, code) => {
    expect(codeOf(join(each))).toBe(code);
  });

  it('JOIN-10: at the limits it is let in', () => {
    expect(join({ facts: { timestamp: NOW + 3_600 } }).ok).toBe(true);
    expect(join({ invite: { expiresAt: NOW + INVITE_SECONDS_MAX } }).ok).toBe(true);
    expect(join({ registry: crowded(INVITED_NODE_COUNT_MAX - 1, 0) }).ok).toBe(true);
    expect(join({ registry: crowded(0, 995) }).ok).toBe(true);
  });
});

describe('JOIN-2: who may sign', () => {
  it('JOIN-2: as many admins of the inviter as its threshold, each counted once', () => {
    const own = { inviterId: 'bankg' };
    expect(join({ invite: own, ...signedBy(admin(70), admin(72)) }).ok).toBe(true);
    expect(codeOf(join({ invite: own, ...signedBy(admin(70)) }))).toBe(CODES.inviteUnsigned);
    expect(codeOf(join({ invite: own, ...signedBy(admin(70), admin(70)) }))).toBe(CODES.inviteUnsigned);
  });

  it('JOIN-2: one by anybody else spoils it', () => {
    expect(codeOf(join(signedBy(admin(1), admin(2))))).toBe(CODES.inviteUnsigned);
    expect(codeOf(join(signedBy(admin(1), undefined)))).toBe(CODES.inviteUnsigned);
    expect(codeOf(join({ invite: { inviterId: 'nobody' } }))).toBe(CODES.inviteUnsigned);
  });

  it('JOIN-2: a stranger to the committee invites nodes of its own only', () => {
    const foreign = { inviterId: 'bankg', organisationId: 'org1' };
    expect(codeOf(join({ invite: foreign, ...signedBy(admin(70), admin(71)) }))).toBe(CODES.inviteUnsigned);
  });

  it('JOIN-2: an organisation without admins has nobody who could sign', () => {
    const mute = { ...bankG, admins: [], threshold: 0 };
    const without = { ...base, organisations: [...base.organisations, mute] };
    expect(codeOf(join({ registry: without, invite: { inviterId: 'bankg' }, ...signedBy() }))).toBe(
      CODES.inviteUnsigned,
    );
  });
});

describe('JOIN-12, JOIN-13: use and revocation', () => {
  const records: readonly InviteRecord[] = [
    { state: 'used', height: height(3), nodeId: nodeIdAt(1) },
    { state: 'revoked', height: height(4), nodeId: undefined },
  ];

  it('JOIN-12: a record comes back from its bytes', () => {
    for (const record of records) {
      const bytes = encodeInviteRecord(record);
      expect(decodeInviteRecord(bytes)).toEqual({ ok: true, value: record });
      expect(readInviteRecord({ get: (key) => (key === inviteKey(ID) ? bytes : undefined) }, ID)).toEqual(record);
      const other = Uint8Array.of(1, 3 - (bytes[1] as number), ...bytes.subarray(2));
      expect(decodeInviteRecord(other).ok).toBe(false);
    }
    expect(readInviteRecord({ get: () => undefined }, ID)).toBeUndefined();
    for (const state of [0, 3]) {
      const bytes = Uint8Array.of(1, state, ...encodeInviteRecord(records[1] as InviteRecord).subarray(2));
      expect(decodeInviteRecord(bytes).ok).toBe(false);
    }
  });

  it('JOIN-13: an admin of the inviter or of the organisation revokes, once, what was not used', () => {
    const revoke = (caller: AddressHex, record?: InviteRecord): ReturnType<typeof revokeInvite> =>
      revokeInvite(registry, invite, { caller, height: height(9), record });
    expect(revoke(admin(1))).toEqual({ ok: true, value: { state: 'revoked', height: 9, nodeId: undefined } });
    expect(revoke(admin(71)).ok).toBe(true);
    expect(codeOf(revoke(admin(2)))).toBe(CODES.noPermission);
    expect(codeOf(revoke(admin(1), records[0]))).toBe(CODES.inviteUsed);
    expect(codeOf(revoke(admin(1), records[1]))).toBe(CODES.inviteRevoked);
  });
});
