import {
  attestationFault,
  attestationsKey,
  CONSENSUS_ADDRESS,
  candidatesOf,
  carryOut,
  encodeAttestations,
  encodeTermNumber,
  findNode,
  isAttested,
  MEMBERSHIP_CODES,
  type Proposal,
  presenceKey,
  presentNodeOf,
  punishedKey,
  readAttestations,
  readHistoryCount,
  readHistoryEntry,
  readProposal,
  readSuccessions,
  readTermNumber,
  suspendProven,
  withAttestation,
} from '@hansa/membership';
import type { NodeId, Term } from '@hansa/primitives';
import { certificateDigest, type Log, verifyMisbehaviour } from '@hansa/protocol';
import { lowerCaseAscii } from '../abi.ts';
import { genesisHashOf, governContext, governedOf, validatorOfAccount, writeChange, writeStep } from '../governance.ts';
import { committeeOf, registryOf, termStateOf } from '../membership-cache.ts';
import { settledLogs } from './10001-committee.ts';
import { takePlaceOf } from './10005-succession.ts';
import { committeeOnly } from './actions.ts';
import { SYSTEM_EVENTS } from './addresses.ts';
import {
  logOf,
  returns,
  returnsCode,
  revert,
  type SystemCall,
  type SystemContract,
  type SystemFunction,
  viewFunction,
  writeFunction,
} from './types.ts';

const NODE_TYPES = ['string', 'string', 'uint256', 'string[]', 'uint256', 'string'] as const;

/** spec GOV-41: a validator has seen a candidate at a head of this chain. */
const attest: SystemFunction = writeFunction('attest(string,uint256,bytes32)', 1n, (call, values) => {
  const [id, headHeight, headHash] = values as readonly [string, bigint, string];
  const { state, height, caller } = call;
  const nodeId = lowerCaseAscii(id);
  const validator = validatorOfAccount(state, caller);
  const lag = headHeight < BigInt(height) ? height - 1 - Number(headHeight) : Number.POSITIVE_INFINITY;
  const claim = {
    isValidator: validator !== undefined,
    isOnChain: Number.isFinite(lag) && call.blockHash(Number(headHeight)) === headHash,
    lag,
  };
  const fault = attestationFault(findNode(registryOf(state), nodeId), claim);
  if (fault !== undefined) return returnsCode(fault.code);
  const { validators } = termStateOf(state).info;
  const attestation = { nodeId: validator as NodeId, height };
  const attestations = withAttestation(readAttestations(state, nodeId), attestation, validators);
  state.set(attestationsKey(nodeId), encodeAttestations(attestations));
  const seen = logOf(CONSENSUS_ADDRESS, SYSTEM_EVENTS.attested, [nodeId, validator as NodeId, BigInt(height)]);
  return returnsCode(0, [seen, ...promoteAttested(call, nodeId)]);
});

/** spec GOV-42: the proposal of a candidate is carried out when all of its candidates are attested; SUC-5: or it takes a place. */
function promoteAttested(call: SystemCall, nodeId: string): readonly Log[] {
  const { state, height } = call;
  const { validators } = termStateOf(state).info;
  const registry = registryOf(state);
  const isValidator = (id: string): boolean => findNode(registry, id)?.role === 'validator';
  const proposal = committeeOf(state)
    .openProposals.map(({ id }) => readProposal(state, id) as Proposal)
    .find((each) => each.status === 'waiting' && candidatesOf(each, isValidator).includes(nodeId as NodeId));
  if (proposal === undefined) {
    const succession = readSuccessions(state).find((each) => each.newNodeId === nodeId);
    const isSeen = isAttested(readAttestations(state, nodeId), validators, height);
    return succession === undefined || !isSeen ? [] : takePlaceOf(call, succession);
  }
  const isReady = candidatesOf(proposal, isValidator).every((id) =>
    isAttested(readAttestations(state, id), validators, height),
  );
  if (!isReady) return [];
  const before = governedOf(state, proposal.actions);
  const done = carryOut({ governed: before, proposal }, governContext(call));
  return [...writeStep(call, before, done), ...settledLogs(done.proposal)];
}

/** spec GOV-52: a validator that counts as absent shows that it votes, by its RESULT signature under a block of this term. */
const provePresence: SystemFunction = writeFunction('provePresence(string,uint256,bytes)', 1n, (call, values) => {
  const [id, signedHeight, signature] = values as readonly [string, bigint, Uint8Array];
  const { state, suite } = call;
  const nodeId = lowerCaseAscii(id);
  const { info, absent } = termStateOf(state);
  if (!absent.some((each) => each.nodeId === nodeId)) return returnsCode(MEMBERSHIP_CODES.notAbsent);
  const genesisHash = genesisHashOf(state);
  const isOfTerm = signedHeight > BigInt(info.baseHeight) && signedHeight < BigInt(call.height);
  const blockHash = isOfTerm ? call.blockHash(Number(signedHeight)) : undefined;
  if (genesisHash === undefined || blockHash === undefined || signature.length !== 64)
    return returnsCode(MEMBERSHIP_CODES.invalidProof);
  const signed = { genesisHash, term: info.term, height: Number(signedHeight) as typeof call.height, blockHash };
  if (!suite.verify(certificateDigest(suite, signed), signature, nodeId as NodeId))
    return returnsCode(MEMBERSHIP_CODES.invalidProof);
  state.set(presenceKey(nodeId), encodeTermNumber(info.term));
  return returnsCode(0);
});

/** spec GOV-55: anybody may bring the proof that a node has signed two messages that contradict each other. */
const suspendForMisbehaviour: SystemFunction = writeFunction(
  'suspendForMisbehaviour(string,bytes,bytes)',
  2n,
  (call, values) => {
    const [id, first, second] = values as readonly [string, Uint8Array, Uint8Array];
    const { state, suite, height, transactionHash } = call;
    const nodeId = lowerCaseAscii(id);
    const genesisHash = genesisHashOf(state);
    if (genesisHash === undefined) return returnsCode(MEMBERSHIP_CODES.invalidProof);
    const proof = verifyMisbehaviour(suite, { genesisHash, nodeId: nodeId as NodeId, first, second });
    if (!proof.ok) return returnsCode(MEMBERSHIP_CODES.invalidProof);
    const before = governedOf(state);
    const { term } = termStateOf(state).info;
    // The key may have been followed by another one since (SUC-7).
    const present = presentNodeOf(state, before.registry, nodeId);
    const proven = { nodeId: present, kind: proof.value.kind, term: proof.value.term as Term };
    const registry = suspendProven(before.registry, proven, {
      punished: readTermNumber(state, punishedKey(present)),
      height,
    });
    if (!registry.ok) return returnsCode(registry.error.code);
    state.set(punishedKey(present), encodeTermNumber(term));
    const after = { ...before, registry: registry.value };
    const cause = `misbehaviour: two ${proven.kind} messages in term ${proven.term}`;
    return returnsCode(0, writeChange(state, { before, after, cause, height, transactionHash }));
  },
);

const views: readonly SystemFunction[] = [
  viewFunction('getNode(string)', 4n, ({ state }, [id]) => {
    const node = findNode(registryOf(state), lowerCaseAscii(id as string));
    return node === undefined
      ? returns(NODE_TYPES, ['', '', 0n, [], 0n, ''])
      : returns(NODE_TYPES, [
          node.role,
          node.organisationId,
          BigInt(node.weight),
          node.addresses,
          BigInt(node.since),
          node.reason,
        ]);
  }),
  viewFunction('getNodeIds()', 4n, ({ state }) =>
    returns(['string[]'], [registryOf(state).nodes.map((node) => node.nodeId)]),
  ),
  viewFunction('getOrganisation(string)', 4n, ({ state }, [id]) => {
    const organisation = registryOf(state).organisations.find((each) => each.id === id);
    return returns(
      ['string', 'string', 'address[]', 'uint32'],
      organisation === undefined
        ? ['', '', [], 0n]
        : [organisation.name, organisation.contact, organisation.admins, BigInt(organisation.threshold)],
    );
  }),
  viewFunction('getOrganisationIds()', 4n, ({ state }) =>
    returns(['string[]'], [registryOf(state).organisations.map(({ id }) => id)]),
  ),
  viewFunction('getHistoryCount()', 1n, ({ state }) => returns(['uint256'], [BigInt(readHistoryCount(state))])),
  viewFunction('getHistoryEntry(uint256)', 2n, ({ state }, [index]) => {
    const entry =
      (index as bigint) < BigInt(readHistoryCount(state)) ? readHistoryEntry(state, Number(index)) : undefined;
    if (entry === undefined) return revert('there is no such entry');
    const { height, transactionHash, cause, subject, from, to } = entry;
    return returns(
      ['uint256', 'bytes32', 'string', 'string', 'string', 'string'],
      [BigInt(height), transactionHash, cause, subject, from, to],
    );
  }),
  viewFunction('getTerm()', 1n, ({ state }) => {
    const { info } = termStateOf(state);
    return returns(
      ['uint256', 'uint256', 'uint256', 'bool'],
      [BigInt(info.term), BigInt(info.baseHeight), BigInt(info.endHeight), info.endScheduled],
    );
  }),
];

/** Members of the consensus (EXE-34; FISCO BCOS: Consensus). A change of validators takes effect at the start of a term. */
export const consensusContract: SystemContract = {
  address: CONSENSUS_ADDRESS,
  name: 'consensus',
  functions: [...committeeOnly(CONSENSUS_ADDRESS), attest, provePresence, suspendForMisbehaviour, ...views],
};
