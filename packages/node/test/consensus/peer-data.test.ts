import type { PbftInput } from '@hansa/consensus';
import type { HashHex, Height, NodeId, Term, ValidatorIndex, View } from '@hansa/primitives';
import { type Certificate, DEFAULT_CHAIN_PARAMETERS, type PbftMessage, type TermInfo } from '@hansa/protocol';
import { expect, test } from 'vitest';
import { Incarnations } from '../../src/consensus/incarnations.ts';
import { signatureChecks } from '../../src/consensus/message-auth.ts';
import type { ConsensusDigests, ConsensusPacket, ConsensusPorts } from '../../src/consensus/ports.ts';
import { ProposalIntake } from '../../src/consensus/proposal-intake.ts';

const idOf = (n: number): NodeId => n.toString(16).padStart(128, '0') as NodeId;
const hashOf = (n: number): HashHex => n.toString(16).padStart(64, '0') as HashHex;
const SIGNATURE = new Uint8Array(64);
const VALIDATORS = [0, 1, 2, 3].map((n) => ({ nodeId: idOf(n), weight: 1, organisationId: 'o' }));
/** The content itself stands for its digest. */
const DIGESTS: ConsensusDigests = {
  signingDigest: (message) => message.type as string as HashHex,
  incarnationDigest: () => hashOf(2),
  proposalDigest: () => hashOf(3),
};

test('PBFT-V6, V7: every signature in a message is checked: its own, those of the claims and those of the certificate', () => {
  const term = 0 as Term;
  const place = { view: 0 as View, height: 1 as Height, digest: hashOf(9) };
  const signatures = [0, 1, 2].map((index) => ({ index: index as ValidatorIndex, signature: SIGNATURE }));
  const certificate = { term, ...place, signatures };
  const claims = [1, 2, 3].map((n) => {
    return { term, sender: n as ValidatorIndex, signature: SIGNATURE, view: 1 as View, claim: place };
  });
  const author = { term, sender: 1 as ValidatorIndex, signature: SIGNATURE, view: 1 as View };
  const prepares = ['prepare/0', 'prepare/1', 'prepare/2'];
  const cases: readonly (readonly [PbftMessage, readonly string[]])[] = [
    [{ type: 'view-change', ...author, claim: place, certificate }, ['view-change/1', ...prepares]],
    [
      { type: 'new-view', ...author, claims, certificate },
      ['new-view/1', 'view-change/1', 'view-change/2', 'view-change/3', ...prepares],
    ],
    [{ type: 'prepared-certificate', certificate }, prepares],
    [{ type: 'commit-certificate', certificate }, ['commit/0', 'commit/1', 'commit/2']],
    [{ type: 'suspect', ...author, decidedHeight: 1 as Height }, ['suspect/1']],
  ];
  for (const [message, expected] of cases) {
    const checks = signatureChecks(message, VALIDATORS, DIGESTS);
    expect(checks?.map(({ digest, nodeId }) => `${digest}/${Number.parseInt(nodeId, 16)}`)).toEqual(expected);
  }
  const stranger = { ...certificate, signatures: [{ index: 4 as ValidatorIndex, signature: SIGNATURE }] };
  expect(signatureChecks({ type: 'commit-certificate', certificate: stranger }, VALIDATORS, DIGESTS)).toBeUndefined();
});

test('PBFT-T3: a final height counts only with the certificate of a quorum for it', () => {
  const inputs: PbftInput[] = [];
  let isValid = true;
  const ports = {
    randomHex: () => 'n'.repeat(32),
    committer: { validatorsAt: () => ({ term: 0 as Term, validators: VALIDATORS }) },
    verifier: {
      verify: (checks: readonly unknown[], done: (valid: boolean[]) => void) => done(checks.map(() => isValid)),
    },
    digests: DIGESTS,
  } as unknown as ConsensusPorts;
  const incarnations = new Incarnations(
    {
      nodeId: idOf(0),
      ports,
      instance: 'i',
      incarnation: () => 1,
      storeState: () => ({ type: 'lost' }),
      validators: () => VALIDATORS,
      persistThenSend: () => undefined,
      send: () => undefined,
      input: (input) => inputs.push(input),
      raiseAbove: () => undefined,
    },
    [],
  );
  const height = 7 as Height;
  const signed = (...indices: number[]): Certificate => ({
    height,
    blockHash: hashOf(7),
    signatures: indices.map((index) => ({ index: index as ValidatorIndex, signature: SIGNATURE })),
  });
  const answer = (certificate: Certificate | undefined, nonce = 'n'.repeat(32)): number => {
    incarnations.onFinalHeight(idOf(1), { type: 'final-height', nonce, height, certificate });
    return inputs.length;
  };
  expect(answer(undefined)).toBe(0);
  expect(answer(signed(0, 1))).toBe(0);
  expect(answer(signed(1, 1, 1))).toBe(0);
  expect(answer({ ...signed(0, 1, 2), height: 6 as Height })).toBe(0);
  expect(answer(signed(0, 1, 2), 'another question')).toBe(0);
  isValid = false;
  expect(answer(signed(0, 1, 2))).toBe(0);
  isValid = true;
  expect(answer(signed(0, 1, 2))).toBe(1);
  expect(inputs).toEqual([{ type: 'finalHeight', nodeId: idOf(1), height }]);
});

test('PBFT-R2: transactions and bodies that are missing are asked of one peer after the other', () => {
  const sent: { readonly to: readonly NodeId[]; readonly packet: ConsensusPacket }[] = [];
  const ports = {
    transactions: { check: () => ({ type: 'missing', hashes: [hashOf(70)] }) },
    clock: { monotonicMs: () => 0 },
  } as unknown as ConsensusPorts;
  const term = { term: 0 as Term, validators: VALIDATORS, parameters: DEFAULT_CHAIN_PARAMETERS } as unknown as TermInfo;
  const intake = new ProposalIntake({
    nodeId: idOf(0),
    chainId: 1,
    groupId: 'g',
    ports,
    term: () => term,
    persist: () => undefined,
    send: (to, packet) => sent.push({ to, packet }),
    input: () => undefined,
    proposalChain: () => [],
  });
  const proposal = {
    chainId: 1,
    groupId: 'g',
    term: 0 as Term,
    height: 1 as Height,
    view: 0 as View,
    parentDigest: hashOf(0),
    timestamp: 1,
    proposer: 1 as ValidatorIndex,
    transactionHashes: [hashOf(70)],
  };
  const from = [idOf(1), idOf(2), idOf(3)];
  for (let round = 0; round < 3; round++) {
    intake.onValidate({ type: 'validate', proposal, digest: hashOf(3), ancestors: [], mode: 'full', from });
    intake.onFetch({ type: 'fetch', digest: hashOf(4), height: 1 as Height, heightMin: 1 as Height, from });
    for (let tick = 0; tick < 3; tick++) intake.onTick();
  }
  const asked = (type: ConsensusPacket['type']): NodeId[] =>
    sent.flatMap(({ to, packet }) => (packet.type === type ? to : []));
  expect(asked('transaction-request')).toEqual(from);
  expect(asked('proposal-request')).toEqual(from);
});

test('VS-10: a copy of an earlier incarnation is answered with what is held, a later one is acknowledged', () => {
  const sent: ConsensusPacket[] = [];
  const records: unknown[] = [];
  const ports = {
    randomHex: () => 'n'.repeat(32),
    verifier: {
      verify: (checks: readonly unknown[], done: (valid: boolean[]) => void) => done(checks.map(() => true)),
    },
    digests: DIGESTS,
  } as unknown as ConsensusPorts;
  const incarnations = new Incarnations(
    {
      nodeId: idOf(0),
      ports,
      instance: 'i',
      incarnation: () => 1,
      storeState: () => ({ type: 'intact' }),
      validators: () => VALIDATORS,
      persistThenSend: (record, _to, packet) => {
        records.push(record);
        sent.push(packet);
      },
      send: (_to, packet) => sent.push(packet),
      input: () => undefined,
      raiseAbove: () => undefined,
    },
    [],
  );
  for (const incarnation of [5, 4, 6]) {
    const statement = {
      type: 'incarnation',
      nodeId: idOf(1),
      incarnation,
      instance: `${incarnation}`,
      signature: SIGNATURE,
    };
    incarnations.onStatement(idOf(1), statement as never);
  }
  expect(sent).toMatchObject([
    { type: 'incarnation-stored', incarnation: 5 },
    { type: 'incarnation-held', statement: { incarnation: 5 } },
    { type: 'incarnation-stored', incarnation: 6 },
  ]);
  expect(records).toMatchObject([{ statement: { incarnation: 5 } }, { statement: { incarnation: 6 } }]);
});
