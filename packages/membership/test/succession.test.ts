/** Succession of keys: docs/spec/succession.md. */
import type { AddressHex, Height, NodeId } from '@hansa/primitives';
import { VALIDATOR_COUNT_MAX } from '@hansa/protocol';
import { describe, expect, it } from 'vitest';
import {
  abandon,
  adminsCountKey,
  areAdminsSigned,
  MEMBERSHIP_CODES as CODES,
  decodeSuccessions,
  decodeSuccessor,
  encodeSuccessions,
  encodeSuccessor,
  findNode,
  giveUp,
  PROMOTION_HEIGHTS,
  presentNodeOf,
  type RegisteredNode,
  type Registry,
  readSuccessions,
  readSuccessor,
  SUCCESSIONS_KEY,
  type Succession,
  type SuccessionFacts,
  succeed,
  successorKey,
  takePlace,
  withNode,
} from '../src/index.ts';
import { admin, codeOf, done, height, MemoryState, nodeIdAt, registryOf } from './kit.ts';

const [oldId, newId, otherId] = [nodeIdAt(0), nodeIdAt(8), nodeIdAt(9)];
const observer = (nodeId: NodeId, organisationId = 'org0'): RegisteredNode => ({
  nodeId,
  organisationId,
  role: 'observer',
  weight: 0,
  addresses: [],
  since: height(3),
  reason: 'invited by org0',
});
const base: Registry = withNode(registryOf(4), observer(newId));

const facts = (over: Partial<SuccessionFacts> = {}): SuccessionFacts => ({
  height: height(7),
  waiting: [],
  isSignedByNode: () => true,
  signers: () => [undefined],
  ...over,
});
const ids = { oldNodeId: oldId as string, newNodeId: newId as string };
const begun = (registry = base, over: Partial<SuccessionFacts> = {}): ReturnType<typeof succeed> =>
  succeed(registry, ids, facts(over));
const waiting = done(begun());
const [succession] = waiting.waiting as readonly [Succession];
const byAdmins = (...signers: readonly (AddressHex | undefined)[]): Partial<SuccessionFacts> => ({
  isSignedByNode: () => false,
  signers: () => signers,
});

describe('SUC-2: what is refused', () => {
  const withRole = (nodeId: NodeId, role: RegisteredNode['role'], weight = 0): Registry => {
    const node = findNode(base, nodeId) as RegisteredNode;
    return withNode(base, { ...node, role, weight });
  };

  it('SUC-2: an old node that is not registered, a candidate or suspended', () => {
    expect(codeOf(succeed(base, { ...ids, oldNodeId: otherId }, facts()))).toBe(CODES.nodeNotExist);
    for (const role of ['candidate', 'suspended'] as const)
      expect(codeOf(begun(withRole(oldId, role)))).toBe(CODES.hasNoPlace);
  });

  it('SUC-2: a new node that is unknown, has a place, is suspended, or belongs to others', () => {
    expect(codeOf(succeed(base, { ...ids, newNodeId: otherId }, facts()))).toBe(CODES.notASuccessor);
    for (const role of ['candidate', 'suspended', 'validator'] as const)
      expect(codeOf(begun(withRole(newId, role)))).toBe(CODES.notASuccessor);
    expect(codeOf(begun(withNode(base, observer(newId, 'org1'))))).toBe(CODES.notASuccessor);
    const both = withRole(oldId, 'observer');
    expect(codeOf(succeed(both, { oldNodeId: oldId, newNodeId: oldId }, facts()))).toBe(CODES.notASuccessor);
  });

  it('SUC-2: a second one for the same place, and one too many', () => {
    const second = withNode(waiting.registry, observer(otherId));
    const again = succeed(second, { ...ids, newNodeId: otherId }, facts({ waiting: waiting.waiting }));
    expect(codeOf(again)).toBe(CODES.alreadySucceeded);
    const full = Array.from({ length: VALIDATOR_COUNT_MAX }, () => ({ ...succession, oldNodeId: otherId }));
    expect(codeOf(begun(base, { waiting: full }))).toBe(CODES.alreadySucceeded);
  });
});

describe('SUC-1: who signs', () => {
  const two = {
    ...base,
    organisations: base.organisations.map((each) =>
      each.id === 'org0' ? { ...each, admins: [admin(1), admin(50)], threshold: 2 } : each,
    ),
  };

  it('SUC-1: the old key alone is enough', () => {
    expect(codeOf(begun(two))).toBe(0);
  });

  it('SUC-1: so are as many admins as the threshold, and nobody else', () => {
    expect(codeOf(begun(two, byAdmins(admin(1), admin(50))))).toBe(0);
    for (const signers of [
      [admin(1)],
      [admin(1), admin(1)],
      [admin(1), admin(50), admin(2)],
      [admin(1), admin(50), undefined],
      [],
    ])
      expect(codeOf(begun(two, byAdmins(...signers)))).toBe(CODES.successionUnsigned);
  });

  it('SUC-1: an organisation without admins signs nothing', () => {
    const none = {
      ...base,
      organisations: base.organisations.map((each) =>
        each.id === 'org0' ? { ...each, admins: [], threshold: 0 } : each,
      ),
    };
    expect(codeOf(begun(none, byAdmins()))).toBe(CODES.successionUnsigned);
    const gone = { ...base, organisations: base.organisations.filter(({ id }) => id !== 'org0') };
    expect(codeOf(begun(gone, byAdmins()))).toBe(CODES.successionUnsigned);
  });
});

describe('SUC-3: an observer', () => {
  it('SUC-3: is followed at once', () => {
    const registry = withNode(withNode(registryOf(4), observer(otherId)), observer(newId));
    const followed = done(succeed(registry, { oldNodeId: otherId, newNodeId: newId }, facts()));
    expect(followed).toMatchObject({ waiting: [], isDone: true });
    expect(findNode(followed.registry, otherId)).toBeUndefined();
    expect(findNode(followed.registry, newId)).toMatchObject({
      role: 'observer',
      weight: 0,
      since: 7,
      reason: `succeeds ${otherId}`,
    });
  });
});

describe('SUC-4 to SUC-6: a validator', () => {
  it('SUC-4: the new node is a candidate with the old one’s weight; the old one votes on', () => {
    expect(waiting.isDone).toBe(false);
    expect(succession).toEqual({ newNodeId: newId, oldNodeId: oldId, deadline: 7 + PROMOTION_HEIGHTS });
    expect(findNode(waiting.registry, newId)).toMatchObject({
      role: 'candidate',
      weight: 1,
      since: 7,
      reason: `to succeed ${oldId}`,
    });
    expect(findNode(waiting.registry, oldId)).toEqual(findNode(base, oldId));
    const second = withNode(waiting.registry, observer(otherId, 'org1'));
    const both = done(
      succeed(second, { oldNodeId: nodeIdAt(1), newNodeId: otherId }, facts({ waiting: waiting.waiting })),
    );
    expect(both.waiting.map(({ newNodeId }) => newNodeId)).toEqual([newId, otherId].sort());
  });

  it('SUC-5: attested, it has the place with the weight that the old one has then', () => {
    const old = findNode(waiting.registry, oldId) as RegisteredNode;
    const heavier = withNode(waiting.registry, { ...old, weight: 3 });
    const taken = takePlace(heavier, waiting.waiting, { succession, height: height(9) });
    expect(taken).toMatchObject({ waiting: [], isDone: true });
    expect(findNode(taken.registry, oldId)).toBeUndefined();
    expect(findNode(taken.registry, newId)).toMatchObject({
      role: 'validator',
      weight: 3,
      organisationId: 'org0',
      since: 9,
      reason: `succeeds ${oldId}`,
    });
  });

  it('SUC-5: there is nothing to take where the old one has no vote any more', () => {
    const old = findNode(waiting.registry, oldId) as RegisteredNode;
    const lost = withNode(waiting.registry, { ...old, role: 'observer', weight: 0 });
    const taken = takePlace(lost, waiting.waiting, { succession, height: height(9) });
    expect(taken).toMatchObject({ waiting: [], isDone: false });
    expect(findNode(taken.registry, newId)).toMatchObject({ role: 'observer', weight: 0, since: 9 });
    const nodes = waiting.registry.nodes.filter(({ nodeId }) => nodeId !== newId);
    const gone = takePlace({ ...waiting.registry, nodes }, waiting.waiting, { succession, height: height(9) });
    expect(gone).toMatchObject({ waiting: [], isDone: false });
  });

  it('SUC-6: given up, it is an observer again; one that was suspended meanwhile stays so', () => {
    const left = giveUp(waiting.registry, waiting.waiting, { succession, height: height(9), why: 'not attested' });
    expect(left.waiting).toEqual([]);
    expect(findNode(left.registry, newId)).toMatchObject({
      role: 'observer',
      weight: 0,
      reason: `to succeed ${oldId}: not attested`,
    });
    const next = findNode(waiting.registry, newId) as RegisteredNode;
    const suspended = withNode(waiting.registry, { ...next, role: 'suspended', weight: 0 });
    const kept = giveUp(suspended, waiting.waiting, { succession, height: height(9), why: 'not attested' });
    expect(kept).toEqual({ registry: suspended, waiting: [] });
  });

  it('SUC-6: an admin of the organisation abandons it, and nobody else', () => {
    const request = { newNodeId: newId as string, caller: admin(1), height: height(9) };
    const of = (over: Partial<typeof request>, registry = waiting.registry): ReturnType<typeof abandon> =>
      abandon(registry, waiting.waiting, { ...request, ...over });
    expect(codeOf(of({ newNodeId: otherId }))).toBe(CODES.noSuccession);
    expect(codeOf(of({ caller: admin(2) }))).toBe(CODES.noPermission);
    expect(findNode(done(of({})).registry, newId)?.role).toBe('observer');
    const nodes = waiting.registry.nodes.filter(({ nodeId }) => nodeId !== newId);
    expect(codeOf(of({}, { ...waiting.registry, nodes }))).toBe(CODES.noPermission);
  });
});

describe('SUC-4, SUC-7: records', () => {
  it('SUC-4: of those that wait', () => {
    const bytes = encodeSuccessions(waiting.waiting);
    expect(decodeSuccessions(bytes)).toEqual({ ok: true, value: waiting.waiting });
    expect(readSuccessions(new MemoryState([{ key: SUCCESSIONS_KEY, value: bytes }]))).toEqual(waiting.waiting);
    expect(readSuccessions(new MemoryState())).toEqual([]);
  });

  it('SUC-7: of who has followed whom, for as many keys as eight', () => {
    const successor = { newNodeId: newId, height: 9 as Height };
    expect(decodeSuccessor(encodeSuccessor(successor))).toEqual({ ok: true, value: successor });
    const chain = (count: number): MemoryState =>
      new MemoryState(
        Array.from({ length: count }, (_, i) => ({
          key: successorKey(nodeIdAt(i)),
          value: encodeSuccessor({ newNodeId: nodeIdAt(i + 1), height: height(i) }),
        })),
      );
    expect(readSuccessor(chain(1), nodeIdAt(0))).toEqual({ newNodeId: nodeIdAt(1), height: 0 });
    expect(readSuccessor(chain(1), nodeIdAt(1))).toBeUndefined();
    const only = (index: number): Registry => ({ organisations: [], nodes: [observer(nodeIdAt(index))] });
    expect(presentNodeOf(chain(8), only(0), nodeIdAt(0))).toBe(nodeIdAt(0));
    expect(presentNodeOf(chain(8), only(8), nodeIdAt(0))).toBe(nodeIdAt(8));
    expect(presentNodeOf(chain(10), only(9), nodeIdAt(0))).toBe(nodeIdAt(8));
    expect(presentNodeOf(chain(0), only(9), nodeIdAt(0))).toBe(nodeIdAt(0));
  });
});

describe('SUC-10: admin accounts', () => {
  const [a, b, c, d] = [admin(1), admin(2), admin(3), admin(4)];
  const present = { admins: [a, b], threshold: 2 };
  const next = { admins: [b, c], threshold: 2 };

  it('SUC-10: the number of changes is a record of the organisation', () => {
    expect(adminsCountKey('org0')).not.toBe(adminsCountKey('org1'));
  });

  it('SUC-10: present and new ones have signed, each as many as their threshold, and nobody else', () => {
    expect(areAdminsSigned(present, next, [a, b, c])).toBe(true);
    for (const signers of [[a, b], [b, c], [a, c], [a, b, c, d], [a, b, c, undefined], [a, a, c, c], []])
      expect(areAdminsSigned(present, next, signers)).toBe(false);
    expect(areAdminsSigned({ admins: [], threshold: 0 }, next, [b, c])).toBe(false);
  });
});
