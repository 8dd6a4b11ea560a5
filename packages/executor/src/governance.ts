/** Between execution and the rules of membership: what is governed is read from the overlay and written back with its history. */
import { ethereumCrypto } from '@hansa/crypto';
import {
  type Action,
  ATTESTATION_HEIGHTS,
  absentAtEnd,
  attestationsKey,
  type BlockFacts,
  CONSENSUS_ADDRESS,
  demoted,
  differences,
  encodeProposalRecord,
  encodeSuccessions,
  expire,
  type GovernContext,
  type Governed,
  giveUp,
  governedChanges,
  historyChanges,
  organisationOf,
  presenceKey,
  proposalKey,
  type Registry,
  readGoverned,
  readProposal,
  readSuccessions,
  readTermNumber,
  type Step,
  SUCCESSIONS_KEY,
  type TermState,
  withDemoted,
} from '@hansa/membership';
import {
  type AddressHex,
  addressToHex,
  asciiBytes,
  assert,
  bytesToHex,
  fromHex,
  type HashHex,
  type Height,
  hashToHex,
  type NodeId,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  accountKey,
  decodeAccount,
  EMPTY_CODE_HASH,
  type Log,
  type SignedTransaction,
  type StateKey,
  type StateReader,
  systemKey,
  type ValidatorSet,
} from '@hansa/protocol';
import { committeeOf, parametersOf, registryOf, termStateOf } from './membership-cache.ts';
import { isGovernanceAddress, isSystemAddress, SYSTEM_EVENTS } from './system/addresses.ts';
import { logOf, type SystemCall, type SystemState } from './system/types.ts';

/** The hash of block 0, which its own state cannot hold: written with block 1 (spec EXE-9). */
const GENESIS_HASH_KEY: StateKey = systemKey(CONSENSUS_ADDRESS, bytesToHex(asciiBytes('genesis')));

/** All that the committee can change, with what these actions speak of. */
export function governedOf(state: StateReader, actions: readonly Action[] = []): Governed {
  const known = { registry: registryOf(state), committee: committeeOf(state), parameters: parametersOf(state) };
  return readGoverned(state, known, actions);
}

export function governContext({ suite, state, caller, height }: SystemCall): GovernContext {
  return {
    caller,
    height,
    isValidNodeId: (nodeId) => suite.isValidNodeId(nodeId),
    isContract: (address) => isContract(state, address),
  };
}

function isContract(state: StateReader, address: AddressHex): boolean {
  if (isSystemAddress(address)) return false;
  const bytes = state.get(accountKey(address));
  const account = bytes === undefined ? undefined : decodeAccount(bytes);
  return account?.ok === true && account.value.codeHash !== EMPTY_CODE_HASH;
}

export type Change = {
  readonly before: Governed;
  readonly after: Governed;
  readonly cause: string;
  readonly height: Height;
  readonly transactionHash: HashHex;
};

/** Writes what differs, its history, and gives the event of each difference (spec MEM-7, GOV-70). */
export function writeChange(
  state: SystemState,
  { before, after, cause, height, transactionHash }: Change,
): readonly Log[] {
  for (const { key, value } of governedChanges(before, after)) state.set(key, value);
  for (const node of before.registry.nodes) {
    if (node.role !== 'candidate') continue;
    const now = after.registry.nodes.find(({ nodeId }) => nodeId === node.nodeId);
    if (now?.role !== 'candidate') state.set(attestationsKey(node.nodeId), undefined);
  }
  const entries = differences(before, after).map((difference) => ({ height, transactionHash, cause, ...difference }));
  for (const { key, value } of historyChanges(state, entries)) state.set(key, value);
  return entries.map(({ subject, from, to }) =>
    logOf(CONSENSUS_ADDRESS, SYSTEM_EVENTS.changed, [subject, from, to, cause]),
  );
}

/** As `writeChange`, with the record of the proposal. */
export function writeStep(
  call: Pick<SystemCall, 'state' | 'height' | 'transactionHash'>,
  before: Governed,
  { governed, proposal }: Step,
): readonly Log[] {
  const { state, height, transactionHash } = call;
  state.set(proposalKey(proposal.id), encodeProposalRecord(proposal));
  return writeChange(state, { before, after: governed, cause: `proposal ${proposal.id}`, height, transactionHash });
}

/** What rules change at the end of a block, without a transaction (spec GOV-43, GOV-50, SUC-6). */
export function applyBlockRules(state: SystemState, term: TermState, block: BlockFacts): void {
  expireProposals(state, block.height);
  expireSuccessions(state, block.height);
  if (block.height === term.info.endHeight) demoteAbsent(state, term, block);
}

function expireProposals(state: SystemState, height: Height): void {
  for (const { id, deadline } of committeeOf(state).openProposals) {
    // A vote at the height of the deadline counts: the proposal ends with that block.
    if (height < deadline) continue;
    const proposal = readProposal(state, id);
    assert(proposal !== undefined, `open proposal ${id} has a record`);
    const before = governedOf(state, proposal.actions);
    const step = expire({ governed: before, proposal }, height);
    assert(step !== undefined, `proposal ${id} ends with block ${proposal.deadline}`);
    writeStep({ state, height, transactionHash: ZERO_HASH }, before, step);
  }
}

/** spec SUC-6. */
function expireSuccessions(state: SystemState, height: Height): void {
  const waiting = readSuccessions(state);
  const late = waiting.filter(({ deadline }) => height >= deadline);
  if (late.length === 0) return;
  const before = governedOf(state);
  let left = { registry: before.registry, waiting };
  for (const succession of late)
    left = giveUp(left.registry, left.waiting, { succession, height, why: 'not attested in time' });
  state.set(SUCCESSIONS_KEY, left.waiting.length === 0 ? undefined : encodeSuccessions(left.waiting));
  const after = { ...before, registry: left.registry };
  writeChange(state, { before, after, cause: 'not attested in time', height, transactionHash: ZERO_HASH });
}

function demoteAbsent(state: SystemState, term: TermState, block: BlockFacts): void {
  const before = governedOf(state);
  const { demotionTerms } = term.info.parameters;
  const node = demoted(before.registry, {
    term: term.info.term,
    absent: absentAtEnd(term, block),
    demotionTerms,
    presenceOf: (nodeId) => readTermNumber(state, presenceKey(nodeId)),
  });
  if (node === undefined) return;
  const registry: Registry = withDemoted(before.registry, node, demotionTerms, block.height);
  const cause = `absent for ${demotionTerms} terms`;
  const change = { before, after: { ...before, registry }, cause, height: block.height, transactionHash: ZERO_HASH };
  writeChange(state, change);
}

/** Before the transactions of block 1: proofs of misbehaviour are about the chain of this hash. */
export function recordGenesisHash(
  state: SystemState,
  parent: { readonly header: { readonly height: number }; readonly hash: HashHex },
): void {
  if (parent.header.height === 0) state.set(GENESIS_HASH_KEY, fromHex(parent.hash));
}

export function genesisHashOf(state: StateReader): HashHex | undefined {
  const bytes = state.get(GENESIS_HASH_KEY);
  return bytes === undefined ? undefined : hashToHex(bytes);
}

const accountsOfSets: WeakMap<ValidatorSet, ReadonlyMap<AddressHex, NodeId>> = new WeakMap();

/** The Ethereum account of a node's key: what its own transactions come from (spec GOV-40). */
export const accountOfNode = (nodeId: NodeId): AddressHex =>
  addressToHex(ethereumCrypto.keccak256(fromHex(nodeId)).subarray(12));

/** The validator in force for whose node an account speaks. */
export function validatorOfAccount(state: StateReader, account: AddressHex): NodeId | undefined {
  const { validators } = termStateOf(state).info;
  let accounts = accountsOfSets.get(validators);
  if (accounts === undefined) {
    accounts = new Map(validators.map(({ nodeId }) => [accountOfNode(nodeId), nodeId]));
    accountsOfSets.set(validators, accounts);
  }
  return accounts.get(account);
}

/** Whether a transaction need not pay the minimum price (spec EXE-18). */
export function isFeeFree(state: StateReader, { to, sender }: Pick<SignedTransaction, 'to' | 'sender'>): boolean {
  if (to === undefined || !isGovernanceAddress(to)) return false;
  return organisationOf(registryOf(state), sender) !== undefined || validatorOfAccount(state, sender) !== undefined;
}

/** A node attests again when its attestation is about to end. */
export const ATTESTATION_RENEWAL_HEIGHTS: number = ATTESTATION_HEIGHTS / 2;
