/** Attestations of candidates, presence of validators, demotion and suspension (docs/spec/governance.md, section 5). Pure. */
import { asciiBytes, bytesToHex, fail, type Height, type NodeId, ok, type Result, type Term } from '@hansa/primitives';
import {
  type ProtocolFailure,
  quorumWeight,
  Reader,
  type StateKey,
  systemKey,
  totalWeight,
  VALIDATOR_COUNT_MAX,
  type ValidatorSet,
  Writer,
} from '@hansa/protocol';
import { assess } from './assess.ts';
import { MEMBERSHIP_CODES, type Refusal } from './codes.ts';
import { CONSENSUS_ADDRESS, RECORD_VERSION, readVersion } from './records.ts';
import { byNodeId, findNode, type RegisteredNode, type Registry, validatorSetOf, withNode } from './registry.ts';
import type { AbsentValidator } from './term.ts';

/** An attestation counts for so many heights; who still sees the candidate gives a new one. */
export const ATTESTATION_HEIGHTS = 200;
/** How far the head that a candidate was seen at may be behind the block that says so. */
export const ATTESTATION_LAG_MAX = 10;

/** A validator has seen the candidate connected, answering, and at a head of this chain. */
export type Attestation = { readonly nodeId: NodeId; readonly height: Height };

const recordName = (text: string, nodeId: string): string => `${bytesToHex(asciiBytes(text))}${nodeId}`;
export const attestationsKey = (candidate: string): StateKey =>
  systemKey(CONSENSUS_ADDRESS, recordName('attestations/', candidate));
/** Term in which a validator that counts as absent has shown that it votes. */
export const presenceKey = (nodeId: string): StateKey => systemKey(CONSENSUS_ADDRESS, recordName('presence/', nodeId));
/** Last term for whose double votes a node was suspended. */
export const punishedKey = (nodeId: string): StateKey => systemKey(CONSENSUS_ADDRESS, recordName('punished/', nodeId));

/** spec GOV-41. */
export function encodeAttestations(attestations: readonly Attestation[]): Uint8Array {
  return new Writer()
    .u8(RECORD_VERSION)
    .list(attestations, (w, { nodeId, height }) => w.hex(nodeId, 64).u64(height))
    .finish();
}

export function decodeAttestations(bytes: Uint8Array): Result<readonly Attestation[], ProtocolFailure> {
  const reader = new Reader(bytes, 'attestations');
  readVersion(reader);
  return reader.finish(reader.list(VALIDATOR_COUNT_MAX, (r) => ({ nodeId: r.nodeId(), height: r.height() })));
}

/** u64 of a term. */
export const encodeTermNumber = (term: Term): Uint8Array => new Writer().u64(term).finish();
export function decodeTermNumber(bytes: Uint8Array): Result<Term, ProtocolFailure> {
  const reader = new Reader(bytes, 'term number');
  return reader.finish(reader.term());
}

/** Those that still count, with this one in the place of an older one of its author. */
export function withAttestation(
  known: readonly Attestation[],
  attestation: Attestation,
  validators: ValidatorSet,
): readonly Attestation[] {
  const others = known.filter(({ nodeId }) => nodeId !== attestation.nodeId);
  return counting([...others, attestation], validators, attestation.height).sort(byNodeId);
}

/** Whether a quorum of the validators in force has attested a candidate lately (spec GOV-42). */
export function isAttested(attestations: readonly Attestation[], validators: ValidatorSet, height: Height): boolean {
  const ids = new Set(counting(attestations, validators, height).map(({ nodeId }) => nodeId));
  const weight = totalWeight(validators.filter(({ nodeId }) => ids.has(nodeId)));
  return weight >= quorumWeight(totalWeight(validators));
}

function counting(attestations: readonly Attestation[], validators: ValidatorSet, height: Height): Attestation[] {
  const isInForce = (id: NodeId): boolean => validators.some(({ nodeId }) => nodeId === id);
  return attestations.filter((each) => isInForce(each.nodeId) && each.height + ATTESTATION_HEIGHTS > height);
}

/** Why a claim to have seen a candidate does not count; undefined: it does (spec GOV-41). */
export function attestationFault(
  candidate: RegisteredNode | undefined,
  claim: { readonly isValidator: boolean; readonly isOnChain: boolean; readonly lag: number },
): Refusal | undefined {
  if (!claim.isValidator)
    return { code: MEMBERSHIP_CODES.noPermission, message: 'only a validator of this term can attest' };
  if (candidate === undefined || candidate.role !== 'candidate')
    return { code: MEMBERSHIP_CODES.notACandidate, message: 'the node is no candidate' };
  if (claim.lag > ATTESTATION_LAG_MAX || !claim.isOnChain)
    return {
      code: MEMBERSHIP_CODES.notAttested,
      message: 'the head of the candidate is not of this chain, or too old',
    };
  return undefined;
}

export type DemotionFacts = {
  /** Number of the term that ends. */
  readonly term: Term;
  /** Who counts as absent at its end. */
  readonly absent: readonly AbsentValidator[];
  /** Chain parameter hansa_demotion_terms; 0: never. */
  readonly demotionTerms: number;
  /** Term in which a validator has last shown that it votes. */
  readonly presenceOf: (nodeId: NodeId) => Term | undefined;
};

/**
 * The validator that a term's end makes an observer, who comes back as any candidate does (spec GOV-50, GOV-51, GOV-53): absent for long enough, the longest first, and
 * only if a faulty validator is still tolerated afterwards and no organisation could stop the chain alone that could not
 * before.
 */
export function demoted(registry: Registry, facts: DemotionFacts): RegisteredNode | undefined {
  const { term, absent, demotionTerms, presenceOf } = facts;
  if (demotionTerms === 0) return undefined;
  const overdue = absent
    .map(({ nodeId, since }) => ({ nodeId, from: Math.max(since, (presenceOf(nodeId) ?? -1) + 1) }))
    .filter(({ from }) => term + 1 - from >= demotionTerms)
    .sort((a, b) => a.from - b.from || byNodeId(a, b));
  const before = assess(validatorSetOf(registry));
  for (const { nodeId } of overdue) {
    const node = findNode(registry, nodeId);
    if (node?.role !== 'validator') continue;
    const rest = validatorSetOf(registry).filter((validator) => validator.nodeId !== nodeId);
    if (rest.length === 0) continue;
    const after = assess(rest);
    if (after.toleratedFaults > 0 && after.blockingAlone.every((id) => before.blockingAlone.includes(id))) return node;
  }
  return undefined;
}

/** The registry with a node that is an observer by the rule above. */
export function withDemoted(registry: Registry, node: RegisteredNode, terms: number, height: Height): Registry {
  const reason = `absent for ${terms} terms`;
  return withNode(registry, { ...node, role: 'observer', weight: 0, since: height, reason });
}

export type ProvenMisbehaviour = { readonly nodeId: string; readonly kind: string; readonly term: Term };

/**
 * Suspension of a member whose double vote was proven (spec GOV-55). Each term is punished once: a node that the committee
 * has let in again is not suspended for what it did before.
 */
export function suspendProven(
  registry: Registry,
  proven: ProvenMisbehaviour,
  facts: { readonly punished: Term | undefined; readonly height: Height },
): Result<Registry, Refusal> {
  const refuse = (code: number, message: string): Result<never, Refusal> => fail({ code, message });
  const node = findNode(registry, proven.nodeId);
  if (node === undefined) return refuse(MEMBERSHIP_CODES.nodeNotExist, 'the node is not registered');
  if (node.role === 'suspended') return refuse(MEMBERSHIP_CODES.alreadySuspended, 'the node is suspended');
  if (facts.punished !== undefined && proven.term <= facts.punished)
    return refuse(MEMBERSHIP_CODES.alreadyPunished, 'the node was suspended for this term before');
  const validators = validatorSetOf(registry);
  if (node.role === 'validator' && validators.length === 1)
    return refuse(MEMBERSHIP_CODES.lastSealer, 'the last validator cannot be suspended');
  const reason = `signed two different messages: ${proven.kind} of term ${proven.term}`;
  return ok(withNode(registry, { ...node, role: 'suspended', weight: 0, since: facts.height, reason }));
}
