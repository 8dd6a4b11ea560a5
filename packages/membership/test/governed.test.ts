/** Committee, proposals, attestations and history in state: what is written is read again, and what differs is told. */
import { type HashHex, type Height, type NodeId, type Term, ZERO_HASH } from '@hansa/primitives';
import { encodeParameters, type Genesis } from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACCOUNTS_FROZEN_KEY,
  type Action,
  type ActionType,
  accountStatusKey,
  attestationsKey,
  COMMITTEE_KEY,
  candidatesOf,
  contractKey,
  DEPLOY_KEY,
  decodeAttestations,
  decodeCommittee,
  decodeHistoryEntry,
  decodeProposalRecord,
  decodeTermNumber,
  differences,
  encodeAttestations,
  encodeCommittee,
  encodeContractPolicy,
  encodeHistoryEntry,
  encodeProposalRecord,
  encodeTermNumber,
  type Governed,
  genesisCommittee,
  genesisRegistry,
  governedChanges,
  HISTORY_COUNT_KEY,
  historyChanges,
  historyKey,
  NO_LIST,
  NO_POLICY,
  type Proposal,
  presenceKey,
  proposalKey,
  propose,
  punishedKey,
  readAttestations,
  readCommittee,
  readContractPolicy,
  readGoverned,
  readHistoryCount,
  readHistoryEntry,
  readParameters,
  readProposal,
  readRegistry,
  readTermNumber,
  registryRecords,
  withNode,
} from '../src/index.ts';
import {
  admin,
  CONTRACT,
  caller,
  committeeOf,
  done,
  governedOf,
  height,
  MemoryState,
  NODE_IDS,
  nodeIdAt,
  parameters,
  registryOf,
} from './kit.ts';

const account = fc.integer({ min: 1, max: 9_999 }).map(admin);
const nodeId = fc.constantFrom(...NODE_IDS);
const id = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const u8 = fc.nat({ max: 255 });
const weight = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });

const actionOf: { readonly [K in ActionType]: fc.Arbitrary<Omit<Extract<Action, { type: K }>, 'type'>> } = {
  setOrganisation: fc.record({
    id,
    name: text,
    contact: text,
    admins: fc.array(account, { maxLength: 3 }),
    threshold: u8,
  }),
  removeOrganisation: fc.record({ id }),
  addObserver: fc.record({
    nodeId,
    organisationId: id,
    addresses: fc.option(fc.array(fc.constant('/ip4/10.0.0.1/tcp/1'), { maxLength: 2 }), { nil: undefined }),
  }),
  addSealer: fc.record({ nodeId, weight }),
  setWeight: fc.record({ nodeId, weight }),
  remove: fc.record({ nodeId }),
  suspend: fc.record({ nodeId }),
  setParameter: fc.record({ key: text, value: text }),
  setGovernor: fc.record({ organisationId: id, weight }),
  setRates: fc.record({ participationRate: u8, winRate: u8 }),
  setContractStatus: fc.record({ contract: account, status: u8 }),
  setAccountStatus: fc.record({ account, status: u8 }),
  setDeployType: fc.record({ deployType: u8 }),
  setDeployRight: fc.record({ account, isOpen: fc.boolean() }),
  resetAdmin: fc.record({ contract: account, admin: account }),
};
const action: fc.Arbitrary<Action> = fc
  .constantFrom(...(Object.keys(actionOf) as ActionType[]))
  .chain((type) => (actionOf[type] as fc.Arbitrary<object>).map((fields) => ({ type, ...fields }) as Action));
const assessment = fc.record({
  validatorCount: u8,
  totalWeight: u8,
  quorumWeight: u8,
  toleratedFaults: u8,
  toleratedAbsences: u8,
  blockingAlone: fc.array(id, { maxLength: 2 }),
  blockingPairs: fc.array(fc.tuple(id, id), { maxLength: 2 }),
  blockingPairCount: u8,
});
const proposal: fc.Arbitrary<Proposal> = fc.record({
  id: fc.nat(),
  organisationId: id,
  proposer: account,
  createdAt: fc.nat().map((n) => n as Height),
  deadline: fc.nat().map((n) => n as Height),
  acceptRisk: fc.boolean(),
  reason: text,
  actions: fc.array(action, { maxLength: 4 }),
  effect: fc.record({ before: assessment, after: assessment, risks: fc.array(text, { maxLength: 2 }) }),
  ballots: fc.array(fc.record({ voter: account, agrees: fc.boolean() }), { maxLength: 3 }),
  status: fc.constantFrom('open', 'waiting', 'passed', 'denied', 'revoked', 'outdated'),
  since: fc.nat().map((n) => n as Height),
  code: fc.nat({ max: 60_000 }).map((n) => 0 - n),
});
const entry = fc.record({
  height: fc.nat().map((n) => n as Height),
  transactionHash: fc.constantFrom(ZERO_HASH, 'ab'.repeat(32) as HashHex),
  cause: text,
  subject: text,
  from: text,
  to: text,
});

type Codec = readonly [
  string,
  fc.Arbitrary<unknown>,
  (value: unknown) => Uint8Array,
  (bytes: Uint8Array) => { readonly ok: boolean; readonly value?: unknown },
];
const codecs = [
  [
    'GOV-2 committee',
    fc
      .integer({ min: 1, max: 4 })
      .map((n) => committeeOf(n, { openProposals: [{ id: n, organisationId: 'org0', deadline: height(9) }] })),
    encodeCommittee,
    decodeCommittee,
  ],
  ['GOV-11, GOV-20, GOV-33 proposal', proposal, encodeProposalRecord, decodeProposalRecord],
  [
    'GOV-41 attestations',
    fc.array(fc.record({ nodeId, height: fc.nat().map((n) => n as Height) }), { maxLength: 4 }),
    encodeAttestations,
    decodeAttestations,
  ],
  ['GOV-52, GOV-55 term number', fc.nat(), encodeTermNumber, decodeTermNumber],
  ['MEM-7 history entry', entry, encodeHistoryEntry, decodeHistoryEntry],
] as unknown as readonly Codec[];

describe('records', () => {
  it.each(codecs)('%s: what is encoded is decoded again', (_name, arbitrary, encode, decode) => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(decode(encode(value))).toEqual({ ok: true, value });
      }),
    );
  });

  it.each(codecs)(
    '%s: a truncated or changed one is an error value or another value',
    (_name, arbitrary, encode, decode) => {
      fc.assert(
        fc.property(arbitrary, fc.nat(), (value, at) => {
          const bytes = encode(value).slice();
          expect(decode(bytes.subarray(0, at % bytes.length)).ok).toBe(false);
          const bit = at % (bytes.length * 8);
          bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
          const decoded = decode(bytes);
          if (decoded.ok) expect(encode(decoded.value)).toEqual(bytes);
        }),
      );
    },
  );

  it('GOV-11, GOV-20: an action and a status that nobody knows are refused', () => {
    const made = done(
      propose(
        governedOf(4),
        { actions: [{ type: 'setDeployType', deployType: 1 }], acceptRisk: false, interval: 5n, reason: '' },
        caller(1),
      ),
    ).proposal;
    const bytes = encodeProposalRecord(made);
    const statusAt = bytes.length - 13;
    expect(bytes[statusAt]).toBe(0);
    expect(decodeProposalRecord(Uint8Array.from(bytes, (byte, i) => (i === statusAt ? 6 : byte))).ok).toBe(false);
    // Number of the action: behind version, id, organisation, proposer, heights, risk, reason and the count.
    const actionAt = 1 + 8 + 4 + 4 + 20 + 8 + 8 + 1 + 4 + 4;
    expect(bytes[actionAt]).toBe(12);
    expect(decodeProposalRecord(Uint8Array.from(bytes, (byte, i) => (i === actionAt ? 15 : byte))).ok).toBe(false);
  });
});

describe('GOV-1: what is governed, in state', () => {
  const start = governedOf(4);
  const state = (): MemoryState =>
    new MemoryState([
      ...registryRecords(start.registry),
      { key: COMMITTEE_KEY, value: encodeCommittee(start.committee) },
      ...governedChanges({ ...start, parameters: parameters({ window: 3 }) }, start),
    ]);
  const actions: readonly Action[] = [
    { type: 'setContractStatus', contract: CONTRACT, status: 1 },
    { type: 'resetAdmin', contract: admin(70), admin: admin(71) },
    { type: 'setAccountStatus', account: admin(72), status: 1 },
    { type: 'setDeployType', deployType: 1 },
  ];
  const known = { registry: start.registry, committee: start.committee, parameters: start.parameters };

  it('GOV-1: is read with what the actions speak of', () => {
    const empty = readGoverned(state(), known, actions);
    expect(empty.deploy).toBe(NO_LIST);
    expect([...empty.contracts]).toEqual([
      [CONTRACT, NO_POLICY],
      [admin(70), NO_POLICY],
    ]);
    expect([...empty.accounts]).toEqual([[admin(72), 0]]);
    expect(readContractPolicy(state(), CONTRACT)).toBeUndefined();
  });

  it('GOV-1: what differs is written, and reads as it was meant', () => {
    const at = state();
    const before = readGoverned(at, known, actions);
    const after: Governed = {
      ...before,
      registry: withNode(before.registry, {
        ...(before.registry.nodes[0] as Governed['registry']['nodes'][number]),
        weight: 9,
      }),
      committee: committeeOf(2),
      parameters: parameters({ window: 5 }),
      deploy: { type: 1, entries: [{ account: admin(3), isOpen: true }] },
      contracts: new Map([[CONTRACT, { ...NO_POLICY, status: 1 }]]),
      accounts: new Map([
        [admin(72), 1],
        [admin(73), 2],
      ]),
    };
    const changes = governedChanges(before, after);
    expect(changes.map(({ key }) => key)).toEqual([...changes.map(({ key }) => key)].sort());
    at.apply(changes);
    expect(readRegistry(at)).toEqual(after.registry);
    expect(readCommittee(at)).toEqual(after.committee);
    expect(readParameters(at)).toEqual(after.parameters);
    expect(readContractPolicy(at, CONTRACT)?.status).toBe(1);
    expect(at.get(ACCOUNTS_FROZEN_KEY)).toBeDefined();
    const again = readGoverned(at, after, actions);
    expect(again.deploy).toEqual(after.deploy);
    expect(again.accounts.get(admin(72))).toBe(1);
    expect(governedChanges(after, after)).toEqual([]);
    at.apply(governedChanges(again, { ...again, accounts: new Map([[admin(72), 0]]) }));
    expect(at.get(accountStatusKey(admin(72)))).toBeUndefined();
  });

  it('GOV-1: a record that does not decode stops the node', () => {
    const broken = state();
    broken.apply([
      { key: DEPLOY_KEY, value: Uint8Array.of(9) },
      { key: contractKey(CONTRACT), value: Uint8Array.of(9) },
    ]);
    expect(() => readGoverned(broken, known, [])).toThrow(/right to deploy/);
    expect(() => readContractPolicy(broken, CONTRACT)).toThrow(/does not decode/);
    expect(encodeContractPolicy(NO_POLICY)).toHaveLength(26);
    expect(encodeParameters(start.parameters).length).toBeGreaterThan(0);
  });

  it('MEM-20: genesis names the first members', () => {
    const [organisation] = start.registry.organisations;
    const { since: _, reason: __, ...node } = start.registry.nodes[0] as Governed['registry']['nodes'][number];
    const genesis = { organisations: [{ ...organisation, governorWeight: 3 }], nodes: [node] } as unknown as Genesis;
    expect(genesisRegistry(genesis)).toEqual({
      organisations: [organisation],
      nodes: [{ ...node, since: 0, reason: 'genesis' }],
    });
  });

  it('GOV-2: genesis names the first governors', () => {
    const genesis = {
      committee: { participationRate: 66, winRate: 75 },
      organisations: [
        { id: 'a', governorWeight: 2 },
        { id: 'b', governorWeight: 0 },
      ],
    } as unknown as Genesis;
    expect(genesisCommittee(genesis)).toEqual({
      participationRate: 66,
      winRate: 75,
      governors: [{ organisationId: 'a', weight: 2 }],
      proposalCount: 0,
      openProposals: [],
    });
  });

  it('GOV-40, GOV-41, GOV-52: records of nodes and proposals are found by their names', () => {
    const at = new MemoryState();
    expect(readAttestations(at, nodeIdAt(0))).toEqual([]);
    expect(readProposal(at, 3)).toBeUndefined();
    expect(readTermNumber(at, presenceKey(nodeIdAt(0)))).toBeUndefined();
    at.apply([
      { key: attestationsKey(nodeIdAt(0)), value: encodeAttestations([{ nodeId: nodeIdAt(1), height: height(4) }]) },
      { key: presenceKey(nodeIdAt(0)), value: encodeTermNumber(5 as Term) },
      { key: punishedKey(nodeIdAt(0)), value: encodeTermNumber(6 as Term) },
    ]);
    expect(readAttestations(at, nodeIdAt(0))).toEqual([{ nodeId: nodeIdAt(1), height: 4 }]);
    expect(readTermNumber(at, presenceKey(nodeIdAt(0)))).toBe(5);
    expect(readTermNumber(at, punishedKey(nodeIdAt(0)))).toBe(6);
    expect(proposalKey(3).endsWith('0000000000000003')).toBe(true);
    expect(
      candidatesOf(
        {
          actions: [
            { type: 'addSealer', nodeId: nodeIdAt(1), weight: 1n },
            { type: 'remove', nodeId: nodeIdAt(2) },
          ],
        },
        () => false,
      ),
    ).toEqual([nodeIdAt(1)]);
  });
});

describe('MEM-7: history', () => {
  it('MEM-7: entries are appended in order and counted', () => {
    const at = new MemoryState();
    expect(readHistoryCount(at)).toBe(0);
    expect(historyChanges(at, [])).toEqual([]);
    const made = (n: number) => ({
      height: height(n),
      transactionHash: ZERO_HASH,
      cause: `proposal ${n}`,
      subject: 'rates',
      from: 'a',
      to: 'b',
    });
    at.apply(historyChanges(at, [made(1), made(2)]));
    at.apply(historyChanges(at, [made(3)]));
    expect(readHistoryCount(at)).toBe(3);
    expect([0, 1, 2, 3].map((index) => readHistoryEntry(at, index)?.cause)).toEqual([
      'proposal 1',
      'proposal 2',
      'proposal 3',
      undefined,
    ]);
    expect(at.get(HISTORY_COUNT_KEY)).toBeDefined();
    expect(at.get(historyKey(2))).toBeDefined();
  });

  it('MEM-7: what differs is told in words, in the order of the subjects', () => {
    const before = governedOf(2, { contracts: new Map([[CONTRACT, NO_POLICY]]) });
    const registry = registryOf(2);
    const [first, second] = registry.nodes as readonly [
      Governed['registry']['nodes'][number],
      Governed['registry']['nodes'][number],
    ];
    const after: Governed = {
      registry: {
        organisations: registry.organisations.map((each) => ({ ...each, contact: 'new' })).slice(0, 1),
        nodes: [
          { ...first, weight: 2 },
          { ...second, role: 'suspended', weight: 0, addresses: [] },
        ],
      },
      committee: committeeOf(1, { winRate: 70 }),
      parameters: parameters({ window: 4 }),
      deploy: {
        type: 2,
        entries: [
          { account: admin(8), isOpen: false },
          { account: admin(9), isOpen: true },
        ],
      },
      contracts: new Map([[CONTRACT, { ...NO_POLICY, status: 1 }]]),
      accounts: new Map([[admin(7), 2]]),
    };
    expect(differences(before, after)).toEqual([
      { subject: `account 0x${admin(7)}`, from: '', to: 'abolished' },
      {
        subject: `contract 0x${CONTRACT}`,
        from: `normal, admin 0x${'0'.repeat(40)}`,
        to: `frozen, admin 0x${'0'.repeat(40)}`,
      },
      { subject: 'deploy permission', from: 'everybody', to: 'black list' },
      { subject: `deploy right of 0x${admin(8)}`, from: '', to: 'closed' },
      { subject: `deploy right of 0x${admin(9)}`, from: '', to: 'open' },
      { subject: 'governor org1', from: 'weight 1', to: '' },
      ...[
        {
          subject: `node ${first.nodeId as NodeId}`,
          from: 'validator with weight 1 of org0 at /ip4/10.0.0.1/tcp/30300',
          to: 'validator with weight 2 of org0 at /ip4/10.0.0.1/tcp/30300',
        },
        {
          subject: `node ${second.nodeId}`,
          from: 'validator with weight 1 of org1 at /ip4/10.0.0.2/tcp/30300',
          to: 'suspended of org1',
        },
      ],
      {
        subject: 'organisation org0',
        from: `Organisation 0; contact ops@org0.example; 1 of 0x${admin(1)}`,
        to: `Organisation 0; contact new; 1 of 0x${admin(1)}`,
      },
      { subject: 'organisation org1', from: `Organisation 1; contact ops@org1.example; 1 of 0x${admin(2)}`, to: '' },
      { subject: 'parameter hansa_window', from: '8', to: '4' },
      { subject: 'rates', from: 'participation 66 %, win 66 %', to: 'participation 66 %, win 70 %' },
    ]);
    expect(differences(before, before)).toEqual([]);
  });
});
