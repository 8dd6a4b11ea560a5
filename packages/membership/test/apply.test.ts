/** Every action of the committee: what it changes, and each reason for which it is refused. */
import type { AddressHex } from '@hansa/primitives';
import {
  GENESIS_NODE_COUNT_MAX,
  GENESIS_ORGANISATION_COUNT_MAX,
  VALIDATOR_COUNT_MAX,
  VALIDATOR_WEIGHT_MAX,
} from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACTION_COUNT_MAX,
  type Action,
  applyActions,
  MEMBERSHIP_CODES as CODES,
  findNode,
  type Governed,
  LIST_COUNT_MAX,
  NO_POLICY,
  registryRecords,
  STATUS,
  validatorSetOf,
} from '../src/index.ts';
import { admin, CONTRACT, codeOf, committeeOf, context, done, governedOf, NODE_IDS, nodeIdAt } from './kit.ts';

const governed = governedOf(4);
const newcomer = nodeIdAt(7);
const observer = (nodeId: string, addresses?: readonly string[], organisationId = 'org0'): Action => ({
  type: 'addObserver',
  nodeId,
  organisationId,
  addresses,
});
const sealer = (nodeId: string, weight = 1n): Action => ({ type: 'addSealer', nodeId, weight });
const weigh = (nodeId: string, weight: bigint): Action => ({ type: 'setWeight', nodeId, weight });
const remove = (nodeId: string): Action => ({ type: 'remove', nodeId });
const suspend = (nodeId: string): Action => ({ type: 'suspend', nodeId });
const bank = (over: Partial<Extract<Action, { type: 'setOrganisation' }>> = {}): Action => ({
  type: 'setOrganisation',
  id: 'BankG',
  name: 'Bank G',
  contact: 'ops@bank-g.example',
  admins: [admin(50), admin(40)],
  threshold: 2,
  ...over,
});

const run = (from: Governed, ...actions: readonly Action[]): Governed => done(applyActions(from, actions, context()));
const code = (from: Governed, ...actions: readonly Action[]): number => codeOf(applyActions(from, actions, context()));
const promoted = (from: Governed, ...actions: readonly Action[]): ReturnType<typeof applyActions> =>
  applyActions(from, actions, context({ isPromoted: () => true }));

describe('GOV-12: actions of one proposal', () => {
  it('GOV-12: take effect together, in their order', () => {
    const after = run(governed, observer(newcomer), weigh(nodeIdAt(0), 3n), remove(nodeIdAt(3)));
    expect(after.registry.nodes.map(({ nodeId, weight }) => [nodeId, weight])).toEqual(
      [
        [nodeIdAt(0), 3],
        [nodeIdAt(1), 1],
        [nodeIdAt(2), 1],
        [newcomer, 0],
      ].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
  });

  it('GOV-12: none of them when one is refused, and none at all is nothing', () => {
    expect(code(governed, observer(newcomer), remove(nodeIdAt(9)))).toBe(CODES.nodeNotExist);
    expect(code(governed)).toBe(CODES.actionCount);
  });

  it('GOV-12: a thousand members at once are refused, 32 changes are not', () => {
    const many = (count: number): Action[] =>
      Array.from({ length: count }, (_, i) => ({
        type: 'setDeployRight',
        account: admin(1_000 + i),
        isOpen: true,
      }));
    expect(code(governed, ...many(ACTION_COUNT_MAX))).toBe(0);
    expect(code(governed, ...many(ACTION_COUNT_MAX + 1))).toBe(CODES.actionCount);
    expect(code(governed, ...many(1_000))).toBe(CODES.actionCount);
  });

  it('GOV-12: the same node, organisation or account twice is refused', () => {
    expect(code(governed, observer(newcomer), sealer(newcomer))).toBe(CODES.namedTwice);
    expect(code(governed, bank(), { type: 'removeOrganisation', id: 'BankG' })).toBe(CODES.namedTwice);
    const freeze: Action = { type: 'setAccountStatus', account: admin(9), status: 1 };
    expect(code(governed, freeze, freeze)).toBe(CODES.namedTwice);
  });
});

describe('MEM-10: organisations', () => {
  it('MEM-10: an organisation is added with its accounts in order, changed, and removed', () => {
    const added = run(governed, bank());
    expect(added.registry.organisations.at(0)).toEqual({
      id: 'BankG',
      name: 'Bank G',
      contact: 'ops@bank-g.example',
      admins: [admin(40), admin(50)],
      threshold: 2,
    });
    const changed = run(added, bank({ admins: [admin(40)], threshold: 1, contact: '' }));
    expect(changed.registry.organisations).toHaveLength(5);
    expect(run(changed, { type: 'removeOrganisation', id: 'BankG' }).registry).toEqual(governed.registry);
  });

  it.each<[string, Partial<Extract<Action, { type: 'setOrganisation' }>>]>([
    ['an id with a space', { id: 'Bank G' }],
    ['an id of 33 characters', { id: 'x'.repeat(33) }],
    ['no name', { name: '' }],
    ['a name that turns the line around', { name: 'A\u202eB' }],
    ['half a character', { name: '\ud83c' }],
    ['a contact of 257 bytes', { contact: 'x'.repeat(257) }],
    ['no admin', { admins: [], threshold: 0 }],
    ['33 admins', { admins: Array.from({ length: 33 }, (_, i) => admin(100 + i)) }],
    ['an admin twice', { admins: [admin(40), admin(40)] }],
    ['an admin that is no address', { admins: ['12' as AddressHex], threshold: 1 }],
    ['a threshold of 0', { threshold: 0 }],
    ['a threshold above the admins', { threshold: 3 }],
    ['an admin of another organisation', { admins: [admin(1)], threshold: 1 }],
  ])('MEM-10: %s is refused', (_name, over) => {
    expect(code(governed, bank(over))).toBe(CODES.invalidOrganisation);
  });

  it('MEM-10: not more than the registry may hold, and none that is unknown or in use goes', () => {
    const organisations = Array.from({ length: GENESIS_ORGANISATION_COUNT_MAX }, (_, i) => ({
      ...(governed.registry.organisations[0] as Governed['registry']['organisations'][number]),
      id: `x${i}`,
      admins: [admin(10_000 + i)],
    }));
    const full = { ...governed, registry: { ...governed.registry, organisations } };
    expect(code(full, bank())).toBe(CODES.tooManyNodes);
    expect(code(full, bank({ id: 'x3' }))).toBe(0);
    expect(code(governed, { type: 'removeOrganisation', id: 'nobody' })).toBe(CODES.organisationNotExist);
    expect(code(governed, { type: 'removeOrganisation', id: 'org0' })).toBe(CODES.organisationInUse);
    const governing = run(governed, remove(nodeIdAt(0)));
    expect(code(governing, { type: 'removeOrganisation', id: 'org0' })).toBe(CODES.organisationInUse);
    const gone = run(
      governing,
      { type: 'setGovernor', organisationId: 'org0', weight: 0n },
      { type: 'removeOrganisation', id: 'org0' },
    );
    expect(gone.registry.organisations.map(({ id }) => id)).toEqual(['org1', 'org2', 'org3']);
  });
});

describe('MEM-11: node ids', () => {
  it.each(['', 'zz', newcomer.slice(1), `${newcomer}0`, '0'.repeat(128), 'f'.repeat(128), newcomer.toUpperCase()])(
    'MEM-11: %j is refused',
    (nodeId) => {
      for (const action of [observer(nodeId), sealer(nodeId), weigh(nodeId, 1n), remove(nodeId), suspend(nodeId)])
        expect(code(governed, action)).toBe(CODES.invalidNodeId);
    },
  );
});

describe('MEM-12: addObserver', () => {
  it('MEM-12: adds an unknown node to an organisation', () => {
    const address = '/dns4/node.bank.example/tcp/30300';
    const after = run(governed, observer(newcomer, [address], 'org1'));
    expect(findNode(after.registry, newcomer)).toEqual({
      nodeId: newcomer,
      organisationId: 'org1',
      role: 'observer',
      weight: 0,
      addresses: [address],
      since: 7,
      reason: 'proposal 1',
    });
    expect(after.registry.nodes.map((node) => node.nodeId)).toEqual(
      [...governed.registry.nodes.map((node) => node.nodeId), newcomer].sort(),
    );
  });

  it('MEM-12: makes a validator an observer, and keeps its addresses when none are named', () => {
    const after = run(governed, observer(nodeIdAt(0)));
    expect(findNode(after.registry, nodeIdAt(0))).toMatchObject({
      role: 'observer',
      weight: 0,
      addresses: ['/ip4/10.0.0.1/tcp/30300'],
    });
    expect(validatorSetOf(after.registry)).toHaveLength(3);
    expect(findNode(run(governed, observer(newcomer)).registry, newcomer)?.addresses).toEqual([]);
  });

  it('MEM-12: no node changes its organisation, and there must be one', () => {
    expect(code(governed, observer(nodeIdAt(1)))).toBe(CODES.noPermission);
    expect(code(governed, observer(newcomer, [], 'nobody'))).toBe(CODES.organisationNotExist);
  });

  it.each([
    [['/ip4/10.0.0.1']],
    [['/ip4/10.0.0.256/tcp/1']],
    [['/ip4/10.0.0.1/tcp/0']],
    [['/ip4/10.0.0.1/tcp/30300/p2p/x']],
    [['http://bank.example']],
    [Array.from({ length: 9 }, () => '/ip4/10.0.0.1/tcp/30300')],
  ])('MEM-12: refuses addresses %j', (addresses) => {
    expect(code(governed, observer(newcomer, addresses))).toBe(CODES.invalidAddress);
  });

  it('MEM-12: one node more than the registry may hold is refused, known ones are still changed', () => {
    const [first] = governed.registry.nodes as readonly [Governed['registry']['nodes'][number]];
    const filler = Array.from({ length: GENESIS_NODE_COUNT_MAX - 1 }, (_, i) => ({
      ...first,
      nodeId: i.toString(16).padStart(128, '0') as typeof first.nodeId,
    }));
    const full = { ...governed, registry: { ...governed.registry, nodes: [...filler, first].slice(-1_000) } };
    const few = {
      ...full,
      registry: {
        ...full.registry,
        nodes: full.registry.nodes.map((node, i) =>
          i < 900 ? { ...node, role: 'observer' as const, weight: 0 } : node,
        ),
      },
    };
    expect(code(few, observer(newcomer))).toBe(CODES.tooManyNodes);
    expect(code(few, observer(first.nodeId))).toBe(0);
  });
});

describe('MEM-13, MEM-14: validators and weights', () => {
  const withObserver = run(governed, observer(newcomer));

  it('MEM-13: a registered observer becomes a candidate, an attested one a validator', () => {
    const candidate = run(withObserver, sealer(newcomer, 5n));
    expect(findNode(candidate.registry, newcomer)).toMatchObject({ role: 'candidate', weight: 5, since: 7 });
    expect(validatorSetOf(candidate.registry)).toHaveLength(4);
    const validator = done(promoted(withObserver, sealer(newcomer, 5n)));
    expect(findNode(validator.registry, newcomer)).toMatchObject({ role: 'validator', weight: 5 });
  });

  it('MEM-13: a validator gets another weight at once', () => {
    expect(findNode(run(governed, sealer(nodeIdAt(1), 2n)).registry, nodeIdAt(1))).toMatchObject({
      role: 'validator',
      weight: 2,
    });
  });

  it('MEM-13: a node that is not registered, or suspended, is no candidate', () => {
    expect(code(governed, sealer(newcomer))).toBe(CODES.addSealerShouldBeObserver);
    expect(code(run(governed, suspend(nodeIdAt(3))), sealer(nodeIdAt(3)))).toBe(CODES.addSealerShouldBeObserver);
  });

  it('MEM-13: a candidate is left alone by other proposals', () => {
    const candidate = run(withObserver, sealer(newcomer));
    for (const action of [
      observer(newcomer),
      sealer(newcomer),
      weigh(newcomer, 1n),
      remove(newcomer),
      suspend(newcomer),
    ])
      expect(code(candidate, action)).toBe(CODES.isCandidate);
  });

  it.each([0n, -1n, BigInt(VALIDATOR_WEIGHT_MAX) + 1n, 2n ** 64n, 2n ** 256n - 1n])(
    'MEM-13, MEM-14: weight %s is refused',
    (weight) => {
      expect(code(withObserver, sealer(newcomer, weight))).toBe(CODES.invalidWeight);
      expect(code(governed, weigh(nodeIdAt(1), weight))).toBe(CODES.invalidWeight);
    },
  );

  it('MEM-13, MEM-14: the highest weight is taken', () => {
    expect(code(withObserver, sealer(newcomer, BigInt(VALIDATOR_WEIGHT_MAX)))).toBe(0);
    expect(findNode(run(governed, weigh(nodeIdAt(2), 9n)).registry, nodeIdAt(2))).toMatchObject({
      weight: 9,
      since: 7,
    });
  });

  it('MEM-13: one validator more than a set may have is refused', () => {
    const [first] = governed.registry.nodes as readonly [Governed['registry']['nodes'][number]];
    const nodes = Array.from({ length: VALIDATOR_COUNT_MAX }, (_, i) => ({
      ...first,
      nodeId: i.toString(16).padStart(128, '0') as typeof first.nodeId,
    }));
    const known = findNode(withObserver.registry, newcomer) as typeof first;
    const full = { ...governed, registry: { ...governed.registry, nodes: [...nodes, known] } };
    expect(codeOf(promoted(full, sealer(newcomer)))).toBe(CODES.tooManyNodes);
  });

  it('MEM-14: a stranger and an observer have no weight to set', () => {
    expect(code(governed, weigh(newcomer, 1n))).toBe(CODES.nodeNotExist);
    expect(code(withObserver, weigh(newcomer, 1n))).toBe(CODES.notAValidator);
  });
});

describe('MEM-15, MEM-17: remove and suspend', () => {
  it('MEM-15: removes, but never one that is not there or the last validator', () => {
    const after = run(governed, remove(nodeIdAt(3)));
    expect(findNode(after.registry, nodeIdAt(3))).toBeUndefined();
    expect(code(after, remove(nodeIdAt(3)))).toBe(CODES.nodeNotExist);
    for (const action of [remove(nodeIdAt(0)), observer(nodeIdAt(0)), suspend(nodeIdAt(0))])
      expect(code(governedOf(1), action)).toBe(CODES.lastSealer);
    expect(code(governedOf(2), remove(nodeIdAt(0)), remove(nodeIdAt(1)))).toBe(CODES.lastSealer);
  });

  it('MEM-17: a suspended node keeps its place in the registry and loses its vote', () => {
    const after = run(governed, suspend(nodeIdAt(1)));
    expect(findNode(after.registry, nodeIdAt(1))).toMatchObject({
      role: 'suspended',
      weight: 0,
      organisationId: 'org1',
    });
    expect(validatorSetOf(after.registry)).toHaveLength(3);
    expect(code(governed, suspend(newcomer))).toBe(CODES.nodeNotExist);
    // It comes back as an observer, by the committee.
    expect(findNode(run(after, observer(nodeIdAt(1), undefined, 'org1')).registry, nodeIdAt(1))?.role).toBe('observer');
  });
});

describe('GOV-13: parameters, governors and rates', () => {
  it('GOV-13: a parameter is set, an unsound one refused with its reason', () => {
    expect(run(governed, { type: 'setParameter', key: 'hansa_window', value: '4' }).parameters.window).toBe(4);
    const refused = (key: string, value: string): unknown => {
      const result = applyActions(governed, [{ type: 'setParameter', key, value }], context());
      return result.ok ? undefined : [result.error.code, result.error.message];
    };
    expect(refused('no_such_key', '1')).toEqual([CODES.invalidParameter, 'unknown parameter']);
    expect(refused('hansa_window', 'x')).toEqual([CODES.invalidParameter, 'malformed value of hansa_window']);
    expect(refused('hansa_window', '65')).toEqual([CODES.invalidParameter, 'hansa_window out of range']);
    expect(refused('hansa_block_gas_limit', '100000')).toEqual([
      CODES.invalidParameter,
      'hansa_block_gas_limit contradicts another parameter',
    ]);
    // The price that nobody could pay.
    expect(refused('tx_gas_price', `${10n ** 24n}`)).toEqual([CODES.invalidParameter, 'tx_gas_price out of range']);
  });

  it('GOV-13: a governor is added in order, weighed anew, removed; the last one stays', () => {
    const set = (organisationId: string, weight: bigint): Action => ({ type: 'setGovernor', organisationId, weight });
    const two = governedOf(4, { committee: committeeOf(2) });
    expect(run(two, set('org3', 5n)).committee.governors).toEqual([
      { organisationId: 'org0', weight: 1 },
      { organisationId: 'org1', weight: 1 },
      { organisationId: 'org3', weight: 5 },
    ]);
    expect(run(two, set('org0', 9n)).committee.governors[0]).toEqual({ organisationId: 'org0', weight: 9 });
    const one = run(two, set('org0', 0n));
    expect(one.committee.governors).toEqual([{ organisationId: 'org1', weight: 1 }]);
    expect(code(one, set('org1', 0n))).toBe(CODES.lastGovernor);
    expect(code(two, set('nobody', 1n))).toBe(CODES.organisationNotExist);
    for (const weight of [-1n, 1_000_001n]) expect(code(two, set('org0', weight))).toBe(CODES.invalidWeight);
    const mute = {
      ...two,
      registry: {
        ...two.registry,
        organisations: two.registry.organisations.map((each) => ({ ...each, admins: [], threshold: 0 })),
      },
    };
    expect(code(mute, set('org3', 1n))).toBe(CODES.invalidOrganisation);
    expect(code(mute, set('org1', 0n))).toBe(0);
  });

  it.each([
    [0, 50],
    [50, 0],
    [101, 50],
    [50, 101],
  ])('GOV-13: rates %d and %d are refused', (participationRate, winRate) => {
    expect(code(governed, { type: 'setRates', participationRate, winRate })).toBe(CODES.invalidRate);
  });

  it('GOV-13: rates from 1 to 100 are taken', () => {
    expect(run(governed, { type: 'setRates', participationRate: 1, winRate: 100 }).committee).toMatchObject({
      participationRate: 1,
      winRate: 100,
    });
  });
});

describe('GOV-14, GOV-15: status of contracts and accounts, deploying, admins', () => {
  it('GOV-14: a contract is frozen, freed, abolished for good; what is none is refused', () => {
    const set = (status: number, contract = CONTRACT): Action => ({ type: 'setContractStatus', contract, status });
    const frozen = run(governed, set(STATUS.frozen));
    expect(frozen.contracts.get(CONTRACT)).toEqual({ ...NO_POLICY, status: STATUS.frozen });
    expect(run(frozen, set(STATUS.normal)).contracts.get(CONTRACT)?.status).toBe(STATUS.normal);
    const abolished = run(frozen, set(STATUS.abolished));
    expect(code(abolished, set(STATUS.normal))).toBe(CODES.invalidStatus);
    expect(code(governed, set(3))).toBe(CODES.invalidStatus);
    expect(code(governed, set(1, admin(1)))).toBe(CODES.invalidContract);
  });

  it('GOV-14: the admin of a contract is replaced', () => {
    const reset = (contract: AddressHex): Action => ({ type: 'resetAdmin', contract, admin: admin(77) });
    expect(run(governed, reset(CONTRACT)).contracts.get(CONTRACT)?.admin).toBe(admin(77));
    const known = { ...governed, contracts: new Map([[CONTRACT, { ...NO_POLICY, status: 1 }]]) };
    expect(run(known, reset(CONTRACT)).contracts.get(CONTRACT)).toEqual({ ...NO_POLICY, admin: admin(77), status: 1 });
    expect(code(governed, reset(admin(2)))).toBe(CODES.invalidContract);
  });

  it('GOV-15: an account is frozen, freed, abolished for good; one that governs is not touched', () => {
    const set = (status: number, account = admin(99)): Action => ({ type: 'setAccountStatus', account, status });
    expect(run(governed, set(1)).accounts.get(admin(99))).toBe(1);
    const abolished = run(governed, set(2));
    expect(code(abolished, set(0))).toBe(CODES.invalidStatus);
    expect(code(governed, set(3))).toBe(CODES.invalidStatus);
    expect(code(governed, set(1, admin(1)))).toBe(CODES.isGovernor);
  });

  it('GOV-15: who may deploy', () => {
    const type = (deployType: number): Action => ({ type: 'setDeployType', deployType });
    expect(run(governed, type(1)).deploy.type).toBe(1);
    expect(code(governed, type(3))).toBe(CODES.invalidAuthType);
    const open = (n: number, isOpen = true): Action => ({ type: 'setDeployRight', account: admin(n), isOpen });
    const listed = run(governed, open(9), open(8, false));
    expect(listed.deploy.entries).toEqual([
      { account: admin(8), isOpen: false },
      { account: admin(9), isOpen: true },
    ]);
    expect(run(listed, open(8)).deploy.entries[0]).toEqual({ account: admin(8), isOpen: true });
    const entries = Array.from({ length: LIST_COUNT_MAX }, (_, i) => ({ account: admin(i + 1), isOpen: true }));
    const full = { ...governed, deploy: { type: 1, entries } };
    expect(code(full, open(1, false))).toBe(0);
    expect(code(full, open(5_000))).toBe(CODES.tooManyEntries);
  });
});

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  fc
    .record({
      type: fc.constantFrom('addObserver', 'addSealer', 'setWeight', 'remove', 'suspend'),
      nodeId: fc.constantFrom(...NODE_IDS),
      organisation: fc.nat({ max: 5 }),
      weight: fc.bigInt({ min: -1n, max: 3n }),
    })
    .map(({ type, nodeId, organisation, weight }): Action => {
      if (type === 'addObserver') return observer(nodeId, undefined, `org${organisation}`);
      return type === 'remove' || type === 'suspend' ? { type, nodeId } : { type, nodeId, weight };
    }),
  fc.record({
    type: fc.constant('setGovernor' as const),
    organisationId: fc.nat({ max: 4 }).map((n) => `org${n}`),
    weight: fc.bigInt({ min: -1n, max: 3n }),
  }),
);

describe('any history of changes', () => {
  it('MEM-3, MEM-4, MEM-16: keeps a validator and a governor, sorted unique nodes, weights that fit the role, and refusals without effect', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(anyAction, { maxLength: 3 }), fc.boolean()), { maxLength: 40 }),
        (history) => {
          let current = governedOf(3);
          let other = governedOf(3);
          for (const [index, [actions, isPromoted]] of history.entries()) {
            const at = context({ height: index as never, isPromoted: () => isPromoted });
            const before = registryRecords(current.registry);
            const result = applyActions(current, actions, at);
            if (result.ok) current = result.value;
            else expect(registryRecords(current.registry)).toEqual(before);
            const again = applyActions(other, actions, at);
            if (again.ok) other = again.value;
            const ids = current.registry.nodes.map((node) => node.nodeId);
            expect(ids).toEqual([...new Set(ids)].sort());
            expect(validatorSetOf(current.registry).length).toBeGreaterThan(0);
            expect(current.committee.governors.length).toBeGreaterThan(0);
            for (const node of current.registry.nodes)
              expect(node.weight > 0).toBe(node.role === 'validator' || node.role === 'candidate');
          }
          expect(registryRecords(other.registry)).toEqual(registryRecords(current.registry));
        },
      ),
      { numRuns: 200 },
    );
  });
});
