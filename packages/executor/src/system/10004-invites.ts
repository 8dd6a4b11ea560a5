import type { CryptoSuite } from '@hansa/crypto';
import {
  admitInvited,
  encodeInviteRecord,
  INVITES_ADDRESS,
  inviteCause,
  inviteKey,
  MEMBERSHIP_CODES,
  type Refusal,
  type Registry,
  readInviteRecord,
  revokeInvite,
} from '@hansa/membership';
import { fail, type HashHex, type Height, type NodeId, ok, type Result } from '@hansa/primitives';
import { decodeInvite, type Invite, inviteId, type JoinRequest, joinDigest, type StateReader } from '@hansa/protocol';
import { lowerCaseAscii } from '../abi.ts';
import { genesisHashOf, governedOf, writeChange } from '../governance.ts';
import { committeeOf, registryOf } from '../membership-cache.ts';
import { signersOf } from './account-signers.ts';
import { returns, returnsCode, type SystemContract, viewFunction, writeFunction } from './types.ts';

export type JoinPlace = {
  readonly suite: CryptoSuite;
  readonly state: StateReader;
  readonly height: Height;
  /** Of the block, in seconds since 1970. */
  readonly timestamp: number;
};
export type Joined = { readonly invite: Invite; readonly id: HashHex; readonly registry: Registry };

/** spec JOIN-10, for the contract, and for an entry node before it asks the chain. */
export function judgeJoin(place: JoinPlace, nodeId: string, request: JoinRequest): Result<Joined, Refusal> {
  const { suite, state, height, timestamp } = place;
  const decoded = decodeInvite(request.content);
  const genesisHash = genesisHashOf(state);
  if (!decoded.ok || genesisHash === undefined)
    return fail({ code: MEMBERSHIP_CODES.invalidInvite, message: 'the invite cannot be read' });
  const id = inviteId(suite, request.content);
  const { addresses } = request;
  const known = { registry: registryOf(state), committee: committeeOf(state) };
  const registry = admitInvited(
    known,
    decoded.value,
    { nodeId, addresses },
    {
      genesisHash,
      height,
      timestamp,
      record: readInviteRecord(state, id),
      signers: () => signersOf(id, request.signatures),
      isValidNodeId: (text): text is NodeId => suite.isValidNodeId(text),
      hasProofs: (joiner) => {
        const digest = joinDigest(suite, { genesisHash, inviteId: id, nodeId: joiner, addresses });
        const { ticketSignature, nodeSignature } = request;
        return (
          suite.verify(digest, ticketSignature, decoded.value.ticket) && suite.verify(digest, nodeSignature, joiner)
        );
      },
    },
  );
  return registry.ok ? ok({ invite: decoded.value, id, registry: registry.value }) : registry;
}

/** 32 recoveries and two signature checks at the most, beside the records. */
const JOIN_WRITES = 6n;

/** Invites of single nodes: a member's admins let a machine in without a vote (docs/spec/joining.md). */
export const invitesContract: SystemContract = {
  address: INVITES_ADDRESS,
  name: 'invites',
  functions: [
    writeFunction('join(bytes,bytes,string,string[],bytes,bytes)', JOIN_WRITES, (call, values) => {
      const [content, signatures, node, addresses, ticketSignature, nodeSignature] = values as readonly [
        Uint8Array,
        Uint8Array,
        string,
        readonly string[],
        Uint8Array,
        Uint8Array,
      ];
      const { state, height, transactionHash } = call;
      const nodeId = lowerCaseAscii(node);
      const joined = judgeJoin(call, nodeId, { content, signatures, addresses, ticketSignature, nodeSignature });
      if (!joined.ok) return returnsCode(joined.error.code);
      const { id, invite, registry } = joined.value;
      const before = governedOf(state);
      state.set(inviteKey(id), encodeInviteRecord({ state: 'used', height, nodeId: nodeId as NodeId }));
      const cause = inviteCause(invite.inviterId);
      const change = { before, after: { ...before, registry }, cause, height, transactionHash };
      return returnsCode(0, writeChange(state, change));
    }),
    writeFunction('revokeInvite(bytes)', 1n, ({ suite, state, caller, height }, [content]) => {
      const invite = decodeInvite(content as Uint8Array);
      if (!invite.ok) return returnsCode(MEMBERSHIP_CODES.invalidInvite);
      const id = inviteId(suite, content as Uint8Array);
      const record = revokeInvite(registryOf(state), invite.value, {
        caller,
        height,
        record: readInviteRecord(state, id),
      });
      if (!record.ok) return returnsCode(record.error.code);
      state.set(inviteKey(id), encodeInviteRecord(record.value));
      return returnsCode(0);
    }),
    // spec JOIN-14
    viewFunction('getInvite(bytes32)', 1n, ({ state }, [id]) => {
      const record = readInviteRecord(state, id as HashHex);
      const number = record === undefined ? 0n : record.state === 'used' ? 1n : 2n;
      return returns(['uint8', 'uint256', 'string'], [number, BigInt(record?.height ?? 0), record?.nodeId ?? '']);
    }),
  ],
};
