import type { Result } from '@hansa/primitives';
import { GENESIS_NODE_COUNT_MAX, VALIDATOR_COUNT_MAX, VALIDATOR_WEIGHT_MAX } from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyChange,
  findNode,
  MEMBERSHIP_CODES,
  type MembershipChange,
  type MembershipRefusal,
  type Registry,
  registryRecords,
  validatorSetOf,
} from '../src/index.ts';
import { admin, context, NODE_IDS, nodeIdAt, registryOf } from './kit.ts';

const registry = registryOf(4);
const newcomer = nodeIdAt(7);
const codeOf = (result: Result<Registry, MembershipRefusal>): number => (result.ok ? 0 : result.error.code);
const done = (result: Result<Registry, MembershipRefusal>): Registry => {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};
const observer = (nodeId: string, addresses?: readonly string[]): MembershipChange => ({
  type: 'addObserver',
  nodeId,
  addresses,
});
const sealer = (nodeId: string, weight = 1n): MembershipChange => ({ type: 'addSealer', nodeId, weight });

describe('MEM-10, MEM-11: who and what', () => {
  const all: readonly MembershipChange[] = [
    observer(newcomer),
    sealer(nodeIdAt(1), 2n),
    { type: 'setWeight', nodeId: nodeIdAt(1), weight: 2n },
    { type: 'remove', nodeId: nodeIdAt(1) },
  ];

  it.each(all)('$type by a stranger is refused', (change) => {
    expect(codeOf(applyChange(registry, change, context({ caller: admin(99) })))).toBe(MEMBERSHIP_CODES.noPermission);
  });

  it.each(['', 'zz', newcomer.slice(1), `${newcomer}0`, '0'.repeat(128), 'f'.repeat(128)])(
    'node id %j is refused',
    (nodeId) => {
      for (const change of all) {
        expect(codeOf(applyChange(registry, { ...change, nodeId }, context()))).toBe(MEMBERSHIP_CODES.invalidNodeId);
      }
    },
  );

  it('takes upper case as the same id', () => {
    const after = done(applyChange(registry, observer(newcomer.toUpperCase()), context()));
    expect(findNode(after, newcomer)?.role).toBe('observer');
  });
});

describe('MEM-12: addObserver', () => {
  it('adds an unknown node to the organisation of the caller', () => {
    const address = '/dns4/node.bank.example/tcp/30300';
    const after = done(applyChange(registry, observer(newcomer, [address]), context({ caller: admin(2) })));
    expect(findNode(after, newcomer)).toEqual({
      nodeId: newcomer,
      organisationId: 'org1',
      role: 'observer',
      weight: 0,
      addresses: [address],
      since: 7,
    });
    expect(after.nodes.map((node) => node.nodeId)).toEqual(
      [...registry.nodes.map((node) => node.nodeId), newcomer].sort(),
    );
  });

  it('makes a validator an observer and keeps its addresses when none are named', () => {
    const after = done(applyChange(registry, observer(nodeIdAt(0)), context()));
    expect(findNode(after, nodeIdAt(0))).toMatchObject({
      role: 'observer',
      weight: 0,
      addresses: ['/ip4/10.0.0.1/tcp/30300'],
    });
    expect(validatorSetOf(after)).toHaveLength(3);
  });

  it('touches no node of another organisation', () => {
    expect(codeOf(applyChange(registry, observer(nodeIdAt(1)), context()))).toBe(MEMBERSHIP_CODES.noPermission);
  });

  it('refuses the last validator', () => {
    expect(codeOf(applyChange(registryOf(1), observer(nodeIdAt(0)), context()))).toBe(MEMBERSHIP_CODES.lastSealer);
  });

  it.each([
    [['/ip4/10.0.0.1']],
    [['/ip4/10.0.0.256/tcp/1']],
    [['/ip4/10.0.0.1/tcp/0']],
    [['/ip4/10.0.0.1/tcp/30300/p2p/x']],
    [['http://bank.example']],
    [Array.from({ length: 9 }, () => '/ip4/10.0.0.1/tcp/30300')],
  ])('refuses addresses %j', (addresses) => {
    expect(codeOf(applyChange(registry, observer(newcomer, addresses), context()))).toBe(
      MEMBERSHIP_CODES.invalidAddress,
    );
  });

  it('refuses one node more than the registry may hold, and still changes known ones', () => {
    const filler = Array.from({ length: GENESIS_NODE_COUNT_MAX - 1 }, (_, i) => ({
      ...(registry.nodes[0] as Registry['nodes'][number]),
      nodeId: i.toString(16).padStart(128, '0') as Registry['nodes'][number]['nodeId'],
    }));
    const full = { ...registry, nodes: [...filler, registry.nodes[0] as Registry['nodes'][number]] };
    expect(codeOf(applyChange(full, observer(newcomer), context()))).toBe(MEMBERSHIP_CODES.tooManyNodes);
    expect(codeOf(applyChange(full, observer(nodeIdAt(0)), context()))).toBe(0);
  });
});

describe('MEM-13: addSealer', () => {
  const withObserver = done(applyChange(registry, observer(newcomer), context()));

  it('gives a registered observer a vote, whichever organisation asks', () => {
    const after = done(
      applyChange(withObserver, sealer(newcomer, 5n), context({ caller: admin(3), height: 9 as never })),
    );
    expect(findNode(after, newcomer)).toMatchObject({ role: 'validator', weight: 5, organisationId: 'org0', since: 9 });
  });

  it('refuses a node that is not registered', () => {
    expect(codeOf(applyChange(registry, sealer(newcomer), context()))).toBe(MEMBERSHIP_CODES.addSealerShouldBeObserver);
  });

  it.each([0n, -1n, BigInt(VALIDATOR_WEIGHT_MAX) + 1n, 2n ** 64n])('refuses weight %s', (weight) => {
    expect(codeOf(applyChange(withObserver, sealer(newcomer, weight), context()))).toBe(MEMBERSHIP_CODES.invalidWeight);
  });

  it('takes the highest weight', () => {
    expect(codeOf(applyChange(withObserver, sealer(newcomer, BigInt(VALIDATOR_WEIGHT_MAX)), context()))).toBe(0);
  });

  it('refuses one validator more than a set may have', () => {
    const nodes = Array.from({ length: VALIDATOR_COUNT_MAX }, (_, i) => ({
      ...(registry.nodes[0] as Registry['nodes'][number]),
      nodeId: i.toString(16).padStart(128, '0') as Registry['nodes'][number]['nodeId'],
    }));
    const full = { ...registry, nodes: [...nodes, findNode(withObserver, newcomer) as Registry['nodes'][number]] };
    expect(codeOf(applyChange(full, sealer(newcomer), context()))).toBe(MEMBERSHIP_CODES.tooManyNodes);
  });
});

describe('MEM-14, MEM-15: setWeight and remove', () => {
  const withObserver = done(applyChange(registry, observer(newcomer), context()));
  const weigh = (nodeId: string, weight: bigint): MembershipChange => ({ type: 'setWeight', nodeId, weight });

  it('changes a weight', () => {
    expect(findNode(done(applyChange(registry, weigh(nodeIdAt(2), 9n), context())), nodeIdAt(2))).toMatchObject({
      weight: 9,
      since: 7,
    });
  });

  it('refuses a stranger, an observer and a weight out of range by their codes', () => {
    expect(codeOf(applyChange(registry, weigh(newcomer, 1n), context()))).toBe(MEMBERSHIP_CODES.nodeNotExist);
    expect(codeOf(applyChange(withObserver, weigh(newcomer, 1n), context()))).toBe(MEMBERSHIP_CODES.notAValidator);
    expect(codeOf(applyChange(registry, weigh(nodeIdAt(1), 0n), context()))).toBe(MEMBERSHIP_CODES.invalidWeight);
  });

  it('removes, but never the last validator or one that is not there', () => {
    const after = done(applyChange(registry, { type: 'remove', nodeId: nodeIdAt(3) }, context()));
    expect(findNode(after, nodeIdAt(3))).toBeUndefined();
    expect(codeOf(applyChange(after, { type: 'remove', nodeId: nodeIdAt(3) }, context()))).toBe(
      MEMBERSHIP_CODES.nodeNotExist,
    );
    expect(codeOf(applyChange(registryOf(1), { type: 'remove', nodeId: nodeIdAt(0) }, context()))).toBe(
      MEMBERSHIP_CODES.lastSealer,
    );
  });
});

const anyChange: fc.Arbitrary<MembershipChange> = fc
  .record({
    type: fc.constantFrom('addObserver', 'addSealer', 'setWeight', 'remove'),
    nodeId: fc.constantFrom(...NODE_IDS),
    weight: fc.bigInt({ min: -1n, max: 3n }),
  })
  .map(({ type, nodeId, weight }): MembershipChange => {
    if (type === 'addObserver') return { type, nodeId, addresses: undefined };
    return type === 'remove' ? { type, nodeId } : { type, nodeId, weight };
  });

describe('any history of changes (MEM-3, MEM-4, MEM-16)', () => {
  it('keeps a validator, sorted unique nodes, weights that fit the role, and refusals without effect', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyChange, fc.integer({ min: 1, max: 6 })), { maxLength: 60 }), (history) => {
        let current = registryOf(3);
        let other = registryOf(3);
        for (const [index, [change, caller]] of history.entries()) {
          const at = context({ caller: admin(caller), height: index as never });
          const before = registryRecords(current);
          const result = applyChange(current, change, at);
          if (result.ok) current = result.value;
          else expect(registryRecords(current)).toEqual(before);
          const again = applyChange(other, change, at);
          if (again.ok) other = again.value;
          const ids = current.nodes.map((node) => node.nodeId);
          expect(ids).toEqual([...new Set(ids)].sort());
          expect(validatorSetOf(current).length).toBeGreaterThan(0);
          for (const node of current.nodes) expect(node.weight > 0).toBe(node.role === 'validator');
        }
        expect(registryRecords(other)).toEqual(registryRecords(current));
      }),
      { numRuns: 200 },
    );
  });
});
