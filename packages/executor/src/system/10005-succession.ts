import {
  abandon,
  adminsCountKey,
  applyActions,
  areAdminsSigned,
  decodeTermNumber,
  encodeSuccessions,
  encodeSuccessor,
  findOrganisation,
  MEMBERSHIP_CODES,
  type Registry,
  readSuccessions,
  SUCCESSION_ADDRESS,
  SUCCESSIONS_KEY,
  type Succession,
  succeed,
  successorKey,
  takePlace,
} from '@hansa/membership';
import { type AddressHex, assert, compareText, type Height, type NodeId } from '@hansa/primitives';
import { adminsDigest, GENESIS_ADMIN_COUNT_MAX, type Log, successionDigest, Writer } from '@hansa/protocol';
import { lowerCaseAscii } from '../abi.ts';
import { genesisHashOf, governContext, governedOf, writeChange } from '../governance.ts';
import { registryOf } from '../membership-cache.ts';
import { signersOf } from './account-signers.ts';
import { returns, returnsCode, type SystemCall, type SystemContract, viewFunction, writeFunction } from './types.ts';

/** 32 recoveries and a signature check at the most, beside the records. */
const SUCCEED_WRITES = 6n;
const ADMINS_WRITES = 8n;

const keyChange = (oldNodeId: string): string => `key of ${oldNodeId}`;

type Place = Pick<SystemCall, 'state' | 'height' | 'transactionHash'>;

/** Writes what a succession has changed, with its history. */
function writeRegistry(place: Place, registry: Registry, cause: string): readonly Log[] {
  const before = governedOf(place.state);
  const { height, transactionHash } = place;
  return writeChange(place.state, { before, after: { ...before, registry }, cause, height, transactionHash });
}

function writeWaiting({ state }: Pick<SystemCall, 'state'>, waiting: readonly Succession[]): void {
  state.set(SUCCESSIONS_KEY, waiting.length === 0 ? undefined : encodeSuccessions(waiting));
}

function writeSuccessor({ state, height }: Place, oldNodeId: string, newNodeId: NodeId): void {
  state.set(successorKey(oldNodeId), encodeSuccessor({ newNodeId, height: height as Height }));
}

/** spec SUC-5: a quorum has attested a node that waits to succeed another one. */
export function takePlaceOf(call: Place, succession: Succession): readonly Log[] {
  const { state, height } = call;
  const taken = takePlace(registryOf(state), readSuccessions(state), { succession, height });
  writeWaiting(call, taken.waiting);
  if (taken.isDone) writeSuccessor(call, succession.oldNodeId, succession.newNodeId);
  return writeRegistry(call, taken.registry, keyChange(succession.oldNodeId));
}

const changesOf = ({ state }: Pick<SystemCall, 'state'>, organisationId: string): number => {
  const bytes = state.get(adminsCountKey(organisationId));
  if (bytes === undefined) return 0;
  const count = decodeTermNumber(bytes);
  assert(count.ok, `the number of admin changes of ${organisationId} does not decode`);
  return count.value;
};

/** New keys for nodes and organisations, without a vote of the committee (docs/spec/succession.md). */
export const successionContract: SystemContract = {
  address: SUCCESSION_ADDRESS,
  name: 'succession',
  functions: [
    // spec SUC-2
    writeFunction('succeed(string,string,bytes,bytes)', SUCCEED_WRITES, (call, values) => {
      const [oldId, newId, nodeSignature, adminSignatures] = values as readonly [
        string,
        string,
        Uint8Array,
        Uint8Array,
      ];
      const { suite, state, height } = call;
      const [oldNodeId, newNodeId] = [lowerCaseAscii(oldId), lowerCaseAscii(newId)];
      const genesisHash = genesisHashOf(state);
      if (genesisHash === undefined) return returnsCode(MEMBERSHIP_CODES.successionUnsigned);
      const digestFor = (old: {
        readonly nodeId: NodeId;
        readonly since: Height;
      }): ReturnType<typeof successionDigest> =>
        successionDigest(suite, {
          genesisHash,
          oldNodeId: old.nodeId,
          newNodeId: newNodeId as NodeId,
          since: old.since,
        });
      const done = succeed(
        registryOf(state),
        { oldNodeId, newNodeId },
        {
          height,
          waiting: readSuccessions(state),
          isSignedByNode: (old) =>
            nodeSignature.length === 64 && suite.verify(digestFor(old), nodeSignature, old.nodeId),
          signers: (old) => signersOf(digestFor(old), adminSignatures),
        },
      );
      if (!done.ok) return returnsCode(done.error.code);
      const { registry, waiting, isDone } = done.value;
      writeWaiting(call, waiting);
      if (isDone) writeSuccessor(call, oldNodeId, newNodeId as NodeId);
      return returnsCode(0, writeRegistry(call, registry, keyChange(oldNodeId)));
    }),
    // spec SUC-6
    writeFunction('abandon(string)', 1n, (call, [id]) => {
      const { state, caller, height } = call;
      const newNodeId = lowerCaseAscii(id as string);
      const done = abandon(registryOf(state), readSuccessions(state), { newNodeId, caller, height });
      if (!done.ok) return returnsCode(done.error.code);
      writeWaiting(call, done.value.waiting);
      return returnsCode(0, writeRegistry(call, done.value.registry, 'succession abandoned'));
    }),
    // spec SUC-10
    writeFunction('setAdmins(string,address[],uint32,bytes)', ADMINS_WRITES, (call, values) => {
      const [organisationId, accounts, wide, signatures] = values as readonly [
        string,
        readonly AddressHex[],
        bigint,
        Uint8Array,
      ];
      const { suite, state, height, transactionHash } = call;
      const before = governedOf(state);
      const genesisHash = genesisHashOf(state);
      const organisation = findOrganisation(before.registry, organisationId);
      if (organisation === undefined) return returnsCode(MEMBERSHIP_CODES.organisationNotExist);
      const next = { admins: [...accounts].sort(compareText), threshold: Number(wide) };
      const isTooLong = genesisHash === undefined || accounts.length > GENESIS_ADMIN_COUNT_MAX;
      if (isTooLong) return returnsCode(MEMBERSHIP_CODES.invalidOrganisation);
      const changeCount = changesOf(call, organisationId);
      const digest = adminsDigest(suite, { genesisHash, organisationId, changeCount, ...next });
      if (!areAdminsSigned(organisation, next, signersOf(digest, signatures, 2 * GENESIS_ADMIN_COUNT_MAX)))
        return returnsCode(MEMBERSHIP_CODES.successionUnsigned);
      const { id, name, contact } = organisation;
      const applied = applyActions(before, [{ type: 'setOrganisation', id, name, contact, ...next }], {
        ...governContext(call),
        reason: '',
        isPromoted: () => false,
      });
      if (!applied.ok) return returnsCode(applied.error.code);
      state.set(adminsCountKey(organisationId), new Writer().u64(changeCount + 1).finish());
      const cause = `admins of ${organisationId}`;
      return returnsCode(0, writeChange(state, { before, after: applied.value, cause, height, transactionHash }));
    }),
    // spec SUC-11
    viewFunction('getAdminChanges(string)', 1n, (call, [organisation]) =>
      returns(['uint256'], [BigInt(changesOf(call, organisation as string))]),
    ),
  ],
};
