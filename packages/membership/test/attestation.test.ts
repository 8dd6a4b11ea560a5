/** Attestations of candidates, demotion of the absent, suspension of the proven. */
import type { Height, NodeId, Term } from '@hansa/primitives';
import { describe, expect, it } from 'vitest';
import {
  ATTESTATION_HEIGHTS,
  ATTESTATION_LAG_MAX,
  type Attestation,
  absentAtEnd,
  attestationFault,
  MEMBERSHIP_CODES as CODES,
  demoted,
  findNode,
  genesisTermState,
  isAttested,
  suspendProven,
  withAttestation,
  withDemoted,
} from '../src/index.ts';
import { block, codeOf, done, GENESIS, height, nodeIdAt, parameters, registryOf, setOf, weighed } from './kit.ts';

const by = (index: number, at: number): Attestation => ({ nodeId: nodeIdAt(index), height: height(at) });

describe('GOV-41: attestations', () => {
  const candidate = {
    ...(registryOf(5).nodes[4] as ReturnType<typeof registryOf>['nodes'][number]),
    role: 'candidate' as const,
  };
  const claim = { isValidator: true, isOnChain: true, lag: 0 };

  it('GOV-41: by a validator, of a candidate, at a head that is of this chain and not old', () => {
    expect(attestationFault(candidate, claim)).toBeUndefined();
    expect(attestationFault(candidate, { ...claim, lag: ATTESTATION_LAG_MAX })).toBeUndefined();
    expect(attestationFault(candidate, { ...claim, lag: ATTESTATION_LAG_MAX + 1 })?.code).toBe(CODES.notAttested);
    expect(attestationFault(candidate, { ...claim, isOnChain: false })?.code).toBe(CODES.notAttested);
    expect(attestationFault(candidate, { ...claim, isValidator: false })?.code).toBe(CODES.noPermission);
    expect(attestationFault(undefined, claim)?.code).toBe(CODES.notACandidate);
    expect(attestationFault({ ...candidate, role: 'observer' }, claim)?.code).toBe(CODES.notACandidate);
  });

  it('GOV-41, GOV-42: each validator counts once, for a while, and only while it is one', () => {
    const four = setOf(4);
    let list: readonly Attestation[] = [];
    for (const attestation of [by(2, 10), by(0, 11), by(2, 12)]) list = withAttestation(list, attestation, four);
    expect(list).toEqual([by(0, 11), by(2, 12)]);
    expect(isAttested(list, four, height(12))).toBe(false);
    list = withAttestation(list, by(1, 13), four);
    expect(isAttested(list, four, height(13))).toBe(true);
    expect(isAttested(list, four, height(11 + ATTESTATION_HEIGHTS - 1))).toBe(true);
    expect(isAttested(list, four, height(11 + ATTESTATION_HEIGHTS))).toBe(false);
    expect(isAttested(list, setOf(1), height(13))).toBe(true);
    expect(withAttestation(list, by(0, 13), setOf(1))).toEqual([by(0, 13)]);
  });

  it('GOV-42: a quorum is one of weight', () => {
    const set = weighed(3, 1, 1, 1, 1);
    expect(isAttested([by(1, 1), by(2, 1), by(3, 1), by(4, 1)], set, height(2))).toBe(false);
    expect(isAttested([by(0, 1), by(1, 1), by(2, 1)], set, height(2))).toBe(true);
  });
});

describe('MEM-24, GOV-50: who counts as absent at the end of a term', () => {
  it('MEM-24: those of the present set whose view was skipped', () => {
    const term = genesisTermState({ validators: setOf(4), parameters: parameters() }, GENESIS);
    expect(absentAtEnd(term, block(term, 1, 0))).toEqual([]);
    const first = term.info.validators[term.info.primaryOrder[0] as number]?.nodeId;
    expect(absentAtEnd(term, block(term, 1, 1))).toEqual([{ nodeId: first, since: 1 }]);
    // Skipped again, it counts from the first time on.
    const before = { ...term, absent: [{ nodeId: first as NodeId, since: 0 as Term }] };
    expect(absentAtEnd(before, block(term, 1, 1))).toEqual([{ nodeId: first, since: 0 }]);
  });
});

describe('GOV-50, GOV-51: demotion', () => {
  const absent = (...entries: readonly (readonly [number, number])[]): readonly { nodeId: NodeId; since: Term }[] =>
    entries.map(([index, since]) => ({ nodeId: nodeIdAt(index), since: since as Term }));
  const facts = (term: number, list: ReturnType<typeof absent>, over: Partial<Parameters<typeof demoted>[1]> = {}) => ({
    term: term as Term,
    absent: list,
    demotionTerms: 4,
    presenceOf: () => undefined,
    ...over,
  });
  const five = registryOf(5);

  it('GOV-50: after so many terms, and not before', () => {
    expect(demoted(five, facts(7, absent([2, 5])))).toBeUndefined();
    expect(demoted(five, facts(8, absent([2, 5])))?.nodeId).toBe(nodeIdAt(2));
    expect(demoted(five, facts(8, absent([2, 5]), { demotionTerms: 0 }))).toBeUndefined();
    expect(demoted(five, facts(8, []))).toBeUndefined();
  });

  it('GOV-50: the longest absent first, then by id', () => {
    expect(demoted(five, facts(20, absent([1, 5], [2, 4])))?.nodeId).toBe(nodeIdAt(2));
    expect(demoted(five, facts(20, absent([3, 5], [1, 5])))?.nodeId).toBe(nodeIdAt(1));
  });

  it('GOV-52: a shown presence begins the count anew', () => {
    const seen = (term: number) => ({ presenceOf: () => term as Term });
    expect(demoted(five, facts(8, absent([2, 5]), seen(5)))).toBeUndefined();
    expect(demoted(five, facts(9, absent([2, 5]), seen(5)))?.nodeId).toBe(nodeIdAt(2));
    expect(demoted(five, facts(8, absent([2, 5]), seen(1)))?.nodeId).toBe(nodeIdAt(2));
  });

  it('GOV-51: never so that no faulty validator is tolerated any more', () => {
    for (const count of [1, 2, 3, 4]) expect(demoted(registryOf(count), facts(20, absent([0, 1])))).toBeUndefined();
    expect(demoted(registryOf(7), facts(20, absent([0, 1])))?.nodeId).toBe(nodeIdAt(0));
  });

  it('GOV-51: never so that an organisation gains a blocking weight; another one is tried', () => {
    const registry = registryOf(8);
    // With seven left, org1 would have three of seven, and five are needed.
    const nodes = registry.nodes.map((node, i) => (i < 3 ? { ...node, organisationId: 'big' } : node));
    const wide = { ...registry, nodes: nodes.slice(0, 8) };
    expect(demoted(wide, facts(20, absent([5, 1])))).toBeDefined();
    const tight = {
      ...registry,
      nodes: nodes.slice(0, 6).map((node, i) => (i === 2 ? { ...node, organisationId: 'org2' } : node)),
    };
    expect(demoted(tight, facts(20, absent([5, 1])))).toBeUndefined();
    expect(demoted(tight, facts(20, absent([5, 1], [0, 2])))?.nodeId).toBe(nodeIdAt(0));
  });

  it('GOV-50: who is no validator any more is passed over', () => {
    const nodes = five.nodes.map((node, i) => (i === 2 ? { ...node, role: 'observer' as const, weight: 0 } : node));
    expect(demoted({ ...five, nodes }, facts(20, absent([2, 1], [9, 1])))).toBeUndefined();
  });

  it('GOV-50: it is an observer, with the reason', () => {
    const node = findNode(five, nodeIdAt(2)) as (typeof five.nodes)[number];
    expect(findNode(withDemoted(five, node, 4, height(99)), nodeIdAt(2))).toEqual({
      ...node,
      role: 'observer',
      weight: 0,
      since: 99,
      reason: 'absent for 4 terms',
    });
  });
});

describe('GOV-55: suspension by proof', () => {
  const proven = (index: number, term = 3) => ({
    nodeId: nodeIdAt(index) as string,
    kind: 'prepare',
    term: term as Term,
  });
  const facts = { punished: undefined, height: 9 as Height };

  it('GOV-55: a proven node is suspended, once for each term', () => {
    const after = done(suspendProven(registryOf(4), proven(1), facts));
    expect(findNode(after, nodeIdAt(1))).toMatchObject({
      role: 'suspended',
      weight: 0,
      since: 9,
      reason: 'signed two different messages: prepare of term 3',
    });
    expect(codeOf(suspendProven(after, proven(1), facts))).toBe(CODES.alreadySuspended);
    const punished = { ...facts, punished: 3 as Term };
    expect(codeOf(suspendProven(registryOf(4), proven(1), punished))).toBe(CODES.alreadyPunished);
    expect(codeOf(suspendProven(registryOf(4), proven(1, 4), punished))).toBe(0);
  });

  it('GOV-55: not a stranger, and not the last validator; an observer is', () => {
    expect(codeOf(suspendProven(registryOf(4), proven(9), facts))).toBe(CODES.nodeNotExist);
    expect(codeOf(suspendProven(registryOf(1), proven(0), facts))).toBe(CODES.lastSealer);
    const registry = registryOf(2);
    const nodes = registry.nodes.map((node, i) => (i === 1 ? { ...node, role: 'observer' as const, weight: 0 } : node));
    expect(codeOf(suspendProven({ ...registry, nodes }, proven(1), facts))).toBe(0);
  });
});
