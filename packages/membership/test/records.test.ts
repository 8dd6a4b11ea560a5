import { merkleRoot, standardSuite as suite } from '@hansa/crypto';
import {
  assert,
  type HashHex,
  type Height,
  type NodeId,
  type Term,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import type { StateKey } from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyActions,
  decodeIds,
  decodeNode,
  decodeOrganisation,
  decodeTermState,
  encodeIds,
  encodeNode,
  encodeOrganisation,
  encodeTermState,
  genesisRecords,
  genesisTermState,
  NODES_KEY,
  nodeKey,
  ORGANISATIONS_KEY,
  organisationKey,
  PARAMETERS_KEY,
  type RegisteredNode,
  type RegistryHasher,
  readParameters,
  readRegistry,
  readTermState,
  registryChanges,
  registryRecords,
  registryRoot,
  TERM_KEY,
} from '../src/index.ts';
import {
  admin,
  committeeOf,
  context,
  GENESIS,
  governedOf,
  NODE_IDS,
  nodeIdAt,
  parameters,
  registryOf,
  setOf,
} from './kit.ts';

const hasher: RegistryHasher = {
  taggedDigest: (tag, bytes) => suite.taggedDigest(tag, bytes),
  merkleRoot: (tag, leaves) => merkleRoot(suite, tag, leaves),
};
const registry = registryOf(4);
const term = genesisTermState({ validators: setOf(4), parameters: parameters() }, GENESIS);

const nodeId = fc.constantFrom(...NODE_IDS);
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const organisation = fc.record({
  id: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
  name: text,
  contact: text,
  admins: fc.array(fc.integer({ min: 1, max: 1_000 }).map(admin), { maxLength: 4 }),
  threshold: fc.nat({ max: 32 }),
});
const node = fc
  .record({
    nodeId,
    organisationId: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
    weight: fc.integer({ min: 0, max: 1_000_000 }),
    addresses: fc.array(fc.constant('/ip4/10.0.0.1/tcp/30300'), { maxLength: 3 }),
    since: fc.nat().map((n) => n as Height),
    reason: text,
    isActive: fc.boolean(),
  })
  .map(({ isActive, ...fields }) => {
    const role = fields.weight > 0 ? (isActive ? 'validator' : 'candidate') : isActive ? 'observer' : 'suspended';
    return { ...fields, role: role as RegisteredNode['role'] };
  });
const termState = fc
  .record({
    highestView: fc.nat().map((n) => n as View),
    proposers: fc.uniqueArray(fc.integer({ min: 0, max: 3 }).map((n) => n as ValidatorIndex)),
    absent: fc.array(fc.record({ nodeId, since: fc.nat().map((n) => n as Term) }), { maxLength: 4 }),
    number: fc.nat().map((n) => n as Term),
  })
  .map(({ number, ...rest }) => ({ ...term, ...rest, info: { ...term.info, term: number } }));

describe('MEM-2 to MEM-5: records', () => {
  const formats = [
    ['organisation', organisation, encodeOrganisation, decodeOrganisation],
    ['node', node, encodeNode, decodeNode],
    ['ids', fc.array(nodeId as fc.Arbitrary<string>, { maxLength: 5 }), encodeIds, decodeIds],
    ['term', termState, encodeTermState, decodeTermState],
  ] as unknown as readonly [
    string,
    fc.Arbitrary<unknown>,
    (value: unknown) => Uint8Array,
    (bytes: Uint8Array) => { ok: boolean; value?: unknown },
  ][];

  it.each(formats)('%s: what is encoded is decoded again', (_name, arbitrary, encode, decode) => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(decode(encode(value))).toEqual({ ok: true, value });
      }),
    );
  });

  it.each(formats)(
    '%s: every truncation and every byte too much is an error value',
    (_name, arbitrary, encode, decode) => {
      fc.assert(
        fc.property(arbitrary, (value) => {
          const bytes = encode(value);
          for (let size = 0; size < bytes.length; size++) expect(decode(bytes.subarray(0, size)).ok).toBe(false);
          expect(decode(Uint8Array.of(...bytes, 0)).ok).toBe(false);
        }),
        { numRuns: 20 },
      );
    },
  );

  it.each(formats)(
    '%s: a flipped bit is an error value or another value, never a throw',
    (_name, arbitrary, encode, decode) => {
      fc.assert(
        fc.property(arbitrary, fc.nat(), (value, at) => {
          const bytes = encode(value).slice();
          const bit = at % (bytes.length * 8);
          bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
          const decoded = decode(bytes);
          if (decoded.ok) expect(encode(decoded.value)).toEqual(bytes);
        }),
      );
    },
  );

  it('MEM-3: a weight must fit the role, and there are four of them', () => {
    const [first] = registry.nodes;
    assert(first !== undefined, 'the registry has nodes');
    const bytes = encodeNode(first);
    const roleAt = 1 + 64 + 4 + first.organisationId.length;
    expect(bytes[roleAt]).toBe(1);
    expect(decodeNode(Uint8Array.from(bytes, (byte, i) => (i === roleAt ? 4 : byte))).ok).toBe(false);
    expect(decodeNode(encodeNode({ ...first, weight: 0 })).ok).toBe(false);
    expect(decodeNode(encodeNode({ ...first, role: 'observer' })).ok).toBe(false);
  });
});

describe('MEM-1, MEM-4: in state', () => {
  it('stand under names of 0x1003 and 0x1000', () => {
    const ascii = (name: string): string => Buffer.from(name, 'ascii').toString('hex');
    const at = (contract: string, name: string): string => `03${contract.padStart(40, '0')}${name}`;
    expect(ORGANISATIONS_KEY).toBe(at('1003', ascii('organisations')));
    expect(NODES_KEY).toBe(at('1003', ascii('nodes')));
    expect(TERM_KEY).toBe(at('1003', ascii('term')));
    expect(PARAMETERS_KEY).toBe(at('1000', ascii('parameters')));
    expect(organisationKey('bank')).toBe(at('1003', ascii('organisation/bank')));
    expect(nodeKey(nodeIdAt(0))).toBe(at('1003', ascii('node/') + nodeIdAt(0)));
  });

  it('what genesis writes is read again', () => {
    const state = new Map(
      genesisRecords(registry, committeeOf(4), term, parameters()).map(({ key, value }) => [key, value]),
    );
    const reader = { get: (key: StateKey) => state.get(key) };
    expect(readRegistry(reader)).toEqual(registry);
    expect(readTermState(reader)).toEqual(term);
    expect(readParameters(reader)).toEqual(parameters());
  });

  it('the changes between two registries lead from one to the other, in the order of keys', () => {
    const removed = applyActions(governedOf(4), [{ type: 'remove', nodeId: nodeIdAt(2) }], context());
    const after = removed.ok ? { ok: true as const, value: removed.value.registry } : removed;
    assert(after.ok, 'a validator of four can be removed');
    const state = new Map(registryRecords(registry).map(({ key, value }) => [key, value]));
    const changes = registryChanges(registry, after.value);
    expect(changes.map(({ key }) => key)).toEqual(changes.map(({ key }) => key).sort());
    for (const { key, value } of changes) {
      if (value === undefined) state.delete(key);
      else state.set(key, value);
    }
    expect(readRegistry({ get: (key) => state.get(key) })).toEqual(after.value);
    expect(registryChanges(registry, registry)).toEqual([]);
  });
});

describe('MEM-6: registry root', () => {
  it('covers every record, and nothing else', () => {
    const root = registryRoot(registry, hasher);
    expect(registryRoot(registryOf(4), hasher)).toBe(root);
    const changes: readonly ((r: typeof registry) => typeof registry)[] = [
      (r) => ({ ...r, nodes: r.nodes.slice(1) }),
      (r) => ({ ...r, nodes: r.nodes.map((n, i) => (i === 1 ? { ...n, weight: 2 } : n)) }),
      (r) => ({ ...r, nodes: r.nodes.map((n, i) => (i === 1 ? { ...n, since: 5 as Height } : n)) }),
      (r) => ({ ...r, nodes: r.nodes.map((n, i) => (i === 1 ? { ...n, addresses: [] } : n)) }),
      (r) => ({ ...r, organisations: r.organisations.map((o, i) => (i === 0 ? { ...o, name: 'x' } : o)) }),
      (r) => ({ ...r, organisations: r.organisations.map((o, i) => (i === 0 ? { ...o, admins: [] } : o)) }),
    ];
    const roots = new Set<HashHex>([root, ...changes.map((change) => registryRoot(change(registry), hasher))]);
    expect(roots.size).toBe(changes.length + 1);
  });
});

it('ids in lists are those that exist', () => {
  const listed = decodeIds(registryRecords(registry).find(({ key }) => key === NODES_KEY)?.value as Uint8Array);
  expect(listed).toEqual({ ok: true, value: registry.nodes.map((entry): NodeId => entry.nodeId) });
});

it('MEM-2 to MEM-4: an id that is not ASCII is refused, since it could not be written again', () => {
  // é as two bytes of UTF-8 in the place of zz.
  const broken = (bytes: Uint8Array): Uint8Array => {
    const changed = new Uint8Array(bytes);
    changed.set([0xc3, 0xa9], bytes.indexOf(0x7a));
    return changed;
  };
  const ids = encodeIds(['zz']);
  expect(decodeIds(ids).ok).toBe(true);
  expect(decodeIds(broken(ids))).toMatchObject({ ok: false, error: { code: 'PROTOCOL_NOT_CANONICAL' } });
  const bank = encodeOrganisation({ id: 'zz', name: 'é', contact: '', admins: [], threshold: 0 });
  expect(decodeOrganisation(bank).ok).toBe(true);
  expect(decodeOrganisation(broken(bank)).ok).toBe(false);
  const observer = { nodeId: nodeIdAt(0), organisationId: 'zz', role: 'observer' as const, weight: 0, addresses: [] };
  const record = encodeNode({ ...observer, since: 0 as Height, reason: '' });
  const at = record.length - 4 - 4 - 8 - 4 - 1 - 2;
  expect([record[at], record[at + 1]]).toEqual([0x7a, 0x7a]);
  record.set([0xc3, 0xa9], at);
  expect(decodeNode(record)).toMatchObject({ ok: false, error: { code: 'PROTOCOL_NOT_CANONICAL' } });
});
