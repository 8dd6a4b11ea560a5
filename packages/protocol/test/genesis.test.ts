/** FMT-80 to FMT-82: genesis.json and its canonical bytes. */
import { standardSuite as suite } from '@hansa/crypto';
import { compareText } from '@hansa/primitives';
import {
  DEFAULT_CHAIN_PARAMETERS,
  decodeGenesis,
  encodeGenesis,
  GENESIS_TEXT_SIZE_MAX,
  genesisDigest,
  isNodeAddress,
  PARAMETER_TABLE,
  parameterByKey,
  parseGenesis,
  renderGenesis,
} from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../src/json-reader.ts';
import { decodeUtf8, encodeUtf8 } from '../src/utf8.ts';
import * as arbitrary from './arbitrary.ts';

const ids = [1, 2, 3, 4].map((n) => suite.nodeIdOf(new Uint8Array(32).fill(n))).sort(compareText);
const node = (i: number, change: object = {}) => ({
  nodeId: ids[i],
  organisationId: 'bank-a',
  role: 'validator',
  weight: 1,
  addresses: ['/ip4/127.0.0.1/tcp/30300'],
  ...change,
});
const account = (change: object = {}) => ({
  address: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
  balance: '1000000000000000000',
  ...change,
});
const ADMINS = ['1', '2'].map((digit) => `0x${digit.repeat(40)}`);
const bank = (id: string, change: object = {}) => ({
  id,
  name: 'A',
  contact: '',
  admins: [ADMINS[0]],
  threshold: 1,
  governorWeight: 1,
  ...change,
});
const base = (): Record<string, unknown> => ({
  formatVersion: 2,
  chainId: 20200,
  groupId: 'group0',
  suite: 'standard',
  stateTree: 'radix-v1',
  evmFork: 'prague',
  timestamp: 1_700_000_000_000,
  parameters: Object.fromEntries(
    PARAMETER_TABLE.map(({ key, type }) => {
      const text = parameterByKey(DEFAULT_CHAIN_PARAMETERS, key) as string;
      return [key, type === 'number' ? Number(text) : text];
    }),
  ),
  committee: { participationRate: 66, winRate: 66 },
  organisations: [bank('bank-a', { name: '中国银行' })],
  nodes: [node(0), node(1)],
  accounts: [account()],
});
const parse = (change: object) => parseGenesis(JSON.stringify({ ...base(), ...change }));
const parameters = (change: object) => ({ parameters: { ...(base()['parameters'] as object), ...change } });
const without = (key: string): string =>
  JSON.stringify(Object.fromEntries(Object.entries(base()).filter(([name]) => name !== key)));
const organisation = (change: object) => ({ organisations: [bank('bank-a', change)] });

it('the sample is good, so that each case below shows its own fault', () => {
  const result = parse({});
  expect(result.ok ? undefined : result.error).toBeUndefined();
});

it('rendered, parsed and rendered again it is the same; and so through the bytes', () => {
  void fc.assert(
    fc.property(arbitrary.genesis, (genesis) => {
      const text = renderGenesis(genesis);
      expect(parseGenesis(text)).toEqual({ ok: true, value: genesis });
      expect(decodeGenesis(encodeGenesis(genesis))).toEqual({ ok: true, value: genesis });
    }),
    { numRuns: 40 },
  );
});

it('the digest depends on the value, not on the text', () => {
  const digestOf = (text: string): string => {
    const result = parseGenesis(text);
    if (!result.ok) throw new Error(result.error.message);
    return genesisDigest(suite, result.value);
  };
  const reordered = Object.fromEntries(Object.entries(base()).reverse());
  const hexAmount = {
    ...base(),
    accounts: [account({ balance: '0xde0b6b3a7640000', nonce: '0', code: '0x', storage: [] })],
  };
  const texts = [JSON.stringify(base()), JSON.stringify(reordered, undefined, 4), JSON.stringify(hexAmount)];
  expect(new Set(texts.map(digestOf)).size).toBe(1);
  expect(digestOf(JSON.stringify({ ...base(), chainId: 20201 }))).not.toBe(digestOf(texts[0] as string));
});

describe('FMT-81, FMT-82: each fault is named with its place and a remedy', () => {
  const many = (count: number, item: (i: number) => unknown): unknown[] =>
    Array.from({ length: count }, (_, i) => item(i));
  const id = (i: number): string => `org-${String(i).padStart(6, '0')}`;
  const cases: readonly (readonly [name: string, text: string | object, code: string, place: RegExp])[] = [
    ['no JSON', '{', 'NOT_JSON', /line 1, column 2/],
    ['a comma too many', '{"chainId": 1,}', 'NOT_JSON', /line 1, column 15/],
    [
      'a key twice',
      '{\n  "chainId": 1,\n  "chainId": 2\n}',
      'NOT_JSON',
      /line 3, column 3: the key "chainId" comes twice/,
    ],
    ['a list', '[]', 'WRONG_TYPE', /the file must be an object/],
    ['a text where an object belongs', { committee: '66' }, 'WRONG_TYPE', /committee must be an object/],
    ['an object where a list belongs', { nodes: {} }, 'WRONG_TYPE', /nodes must be a list/],
    ['a number where text belongs', { groupId: 5 }, 'WRONG_TYPE', /groupId must be a string/],
    ['an unknown key', { chainID: 5 }, 'UNKNOWN_KEY', /chainID/],
    ['a missing key', without('evmFork'), 'MISSING_KEY', /evmFork/],
    ['a fraction', '{"chainId": 1.5}', 'NOT_JSON', /1\.5 is not a whole number/],
    ['a number above 2^53', '{"chainId": 9007199254740993}', 'NOT_JSON', /9007199254740993/],
    ['chain id as text', { chainId: '5' }, 'WRONG_TYPE', /chainId must be a whole number/],
    ['chain id 0', { chainId: 0 }, 'OUT_OF_RANGE', /chainId is 0/],
    ['negative time', { timestamp: -1 }, 'OUT_OF_RANGE', /timestamp/],
    ['another format version', { formatVersion: 1 }, 'OUT_OF_RANGE', /formatVersion/],
    ['a suite that is not there', { suite: 'sm' }, 'OUT_OF_RANGE', /suite is "sm"/],
    ['another state tree', { stateTree: 'mpt' }, 'OUT_OF_RANGE', /stateTree/],
    ['another fork', { evmFork: 'osaka' }, 'OUT_OF_RANGE', /evmFork/],
    ['a group with a space', { groupId: 'group 0' }, 'OUT_OF_RANGE', /groupId/],
    ['an unknown parameter', parameters({ block_time: 5 }), 'UNKNOWN_KEY', /parameters\.block_time/],
    ['a parameter as text', parameters({ hansa_window: '8' }), 'WRONG_TYPE', /parameters\.hansa_window/],
    [
      'an amount as a number',
      parameters({ tx_gas_price: 5 }),
      'WRONG_TYPE',
      /parameters\.tx_gas_price must be a string/,
    ],
    ['no organisation', { organisations: [] }, 'OUT_OF_RANGE', /organisations has 0 entries/],
    [
      'too many organisations',
      { organisations: many(257, (i) => bank(id(i))) },
      'OUT_OF_RANGE',
      /organisations has 257/,
    ],
    ['an organisation id with a slash', organisation({ id: 'a/b' }), 'OUT_OF_RANGE', /organisations\[0\]\.id/],
    ['an empty name', organisation({ name: '' }), 'OUT_OF_RANGE', /organisations\[0\]\.name/],
    ['a name of 129 bytes', organisation({ name: '银'.repeat(43) }), 'OUT_OF_RANGE', /organisations\[0\]\.name/],
    ['a name with a line end', organisation({ name: 'A\nB' }), 'OUT_OF_RANGE', /organisations\[0\]\.name/],
    [
      'a name that turns the line around',
      organisation({ name: 'A\u202eB' }),
      'OUT_OF_RANGE',
      /organisations\[0\]\.name/,
    ],
    ['half a character', organisation({ name: '\ud83c' }), 'OUT_OF_RANGE', /organisations\[0\]\.name/],
    [
      'organisations out of order',
      { organisations: ['bank-b', 'bank-a'].map((name) => bank(name)) },
      'ORDER',
      /organisations\[1\] is out of order/,
    ],
    [
      'an organisation twice',
      { organisations: ['bank-a', 'bank-a'].map((name) => bank(name)) },
      'ORDER',
      /organisations\[1\] comes twice/,
    ],
    [
      'an admin twice',
      organisation({ admins: [`0x${'1'.repeat(40)}`, `0x${'1'.repeat(40)}`] }),
      'ORDER',
      /organisations\[0\]\.admins\[1\] comes twice/,
    ],
    [
      'a contact of 257 bytes',
      organisation({ contact: 'x'.repeat(257) }),
      'OUT_OF_RANGE',
      /organisations\[0\]\.contact/,
    ],
    ['a threshold of 0', organisation({ threshold: 0 }), 'OUT_OF_RANGE', /organisations\[0\]\.threshold is 0/],
    [
      'a threshold above the admins',
      organisation({ threshold: 2 }),
      'OUT_OF_RANGE',
      /organisations\[0\]\.threshold is 2/,
    ],
    [
      'a governor without admins',
      organisation({ admins: [], threshold: 0 }),
      'OUT_OF_RANGE',
      /organisations\[0\]\.governorWeight is 1/,
    ],
    ['a governor too heavy', organisation({ governorWeight: 1_000_001 }), 'OUT_OF_RANGE', /governorWeight/],
    ['no governor', organisation({ governorWeight: 0 }), 'OUT_OF_RANGE', /organisations have no governor/],
    ['a rate of 0', { committee: { participationRate: 0, winRate: 66 } }, 'OUT_OF_RANGE', /participationRate is 0/],
    ['a rate of 101', { committee: { participationRate: 66, winRate: 101 } }, 'OUT_OF_RANGE', /winRate is 101/],
    [
      'an account that acts for two',
      { organisations: [bank('bank-a'), bank('bank-b', { admins: ADMINS })] },
      'CONFLICT',
      /organisations\[1\]\.admins names 0x1{40}, which acts for bank-a/,
    ],
    ['an admin that is none', organisation({ admins: ['0x12'] }), 'WRONG_TYPE', /organisations\[0\]\.admins\[0\]/],
    [
      'an address with a typing error',
      organisation({ admins: ['0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267'] }),
      'OUT_OF_RANGE',
      /checksum \(EIP-55\)/,
    ],
    [
      'a node id that is no key',
      { nodes: [node(0, { nodeId: 'ab'.repeat(64) })] },
      'OUT_OF_RANGE',
      /nodes\[0\]\.nodeId is no public key/,
    ],
    [
      'a node id in capitals',
      { nodes: [node(0, { nodeId: (ids[0] as string).toUpperCase() })] },
      'OUT_OF_RANGE',
      /nodes\[0\]\.nodeId/,
    ],
    ['a node twice', { nodes: [node(0), node(0)] }, 'ORDER', /nodes\[1\] comes twice/],
    ['nodes out of order', { nodes: [node(1), node(0)] }, 'ORDER', /nodes\[1\] is out of order/],
    [
      'a node of nobody',
      { nodes: [node(0, { organisationId: 'bank-x' })] },
      'CONFLICT',
      /"bank-x" is not among organisations/,
    ],
    ['a third role', { nodes: [node(0, { role: 'sealer' })] }, 'WRONG_TYPE', /nodes\[0\]\.role/],
    ['a validator of weight 0', { nodes: [node(0, { weight: 0 })] }, 'OUT_OF_RANGE', /nodes\[0\]\.weight is 0/],
    ['a weight above the maximum', { nodes: [node(0, { weight: 1_000_001 })] }, 'OUT_OF_RANGE', /nodes\[0\]\.weight/],
    [
      'an observer with a weight',
      { nodes: [node(0), node(1, { role: 'observer' })] },
      'OUT_OF_RANGE',
      /nodes\[1\]\.weight/,
    ],
    ['observers only', { nodes: [node(0, { role: 'observer', weight: 0 })] }, 'OUT_OF_RANGE', /0 validators/],
    [
      'an address without port',
      { nodes: [node(0, { addresses: ['/ip4/127.0.0.1'] })] },
      'OUT_OF_RANGE',
      /nodes\[0\]\.addresses\[0\]/,
    ],
    [
      'an address twice',
      { nodes: [node(0, { addresses: ['/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/1'] })] },
      'ORDER',
      /addresses\[1\] comes twice/,
    ],
    [
      'nine addresses',
      { nodes: [node(0, { addresses: many(9, (i) => `/ip4/127.0.0.1/tcp/${i + 1}`) })] },
      'OUT_OF_RANGE',
      /addresses has 9/,
    ],
    ['a balance as a number', { accounts: [account({ balance: 5 })] }, 'WRONG_TYPE', /accounts\[0\]\.balance/],
    ['a negative balance', { accounts: [account({ balance: '-5' })] }, 'WRONG_TYPE', /accounts\[0\]\.balance/],
    [
      'a balance above 2^256',
      { accounts: [account({ balance: '9'.repeat(78) })] },
      'OUT_OF_RANGE',
      /accounts\[0\]\.balance/,
    ],
    [
      'balances that do not fit together',
      {
        accounts: ['1', '2'].map((digit) =>
          account({ address: `0x${digit.repeat(40)}`, balance: `0x8${'0'.repeat(63)}` }),
        ),
      },
      'OUT_OF_RANGE',
      /2\^256 - 1 wei together/,
    ],
    [
      'a nonce above 2^64 - 2',
      { accounts: [account({ nonce: '18446744073709551615' })] },
      'OUT_OF_RANGE',
      /accounts\[0\]\.nonce/,
    ],
    ['code without 0x', { accounts: [account({ code: '60' })] }, 'WRONG_TYPE', /accounts\[0\]\.code/],
    ['code as a number', { accounts: [account({ code: 60 })] }, 'WRONG_TYPE', /accounts\[0\]\.code/],
    ['code of odd length', { accounts: [account({ code: '0x123' })] }, 'WRONG_TYPE', /accounts\[0\]\.code/],
    [
      'a delegation',
      { accounts: [account({ code: `0xef0100${'11'.repeat(20)}` })] },
      'OUT_OF_RANGE',
      /accounts\[0\]\.code is a delegation/,
    ],
    ['the start of one', { accounts: [account({ code: '0xef0100' })] }, 'OUT_OF_RANGE', /accounts\[0\]\.code/],
    [
      'code above EIP-170',
      { accounts: [account({ code: `0x${'00'.repeat(24_577)}` })] },
      'OUT_OF_RANGE',
      /24577 bytes/,
    ],
    [
      'a short slot',
      { accounts: [account({ storage: [{ slot: '0x1', value: `0x${'1'.repeat(64)}` }] })] },
      'WRONG_TYPE',
      /storage\[0\]\.slot/,
    ],
    [
      'a zero in storage',
      { accounts: [account({ storage: [{ slot: `0x${'1'.repeat(64)}`, value: `0x${'0'.repeat(64)}` }] })] },
      'OUT_OF_RANGE',
      /storage\[0\]\.value is zero/,
    ],
    ['an account twice', { accounts: [account(), account()] }, 'ORDER', /accounts\[1\] comes twice/],
    ['deep nesting', '['.repeat(100_000), 'NOT_JSON', /nested/],
  ];
  for (const [name, text, code, place] of cases) {
    it(name, () => {
      const result = typeof text === 'string' ? parseGenesis(text) : parse(text);
      if (result.ok) throw new Error('a failure was expected');
      expect(result.error.code).toBe(`PROTOCOL_GENESIS_${code}`);
      expect(result.error.message).toMatch(place);
      expect(result.error.remedy).toBeTruthy();
    });
  }

  it('parameters that contradict each other', () => {
    const result = parse(parameters({ tx_gas_limit: '30000000', hansa_block_gas_limit: '100000' }));
    expect(result.ok ? undefined : result.error.code).toBe('PROTOCOL_PARAMETER_CONFLICT');
  });

  it('a text above its maximum is refused unread', () => {
    const result = parseGenesis(' '.repeat(GENESIS_TEXT_SIZE_MAX + 1));
    expect(result.ok ? undefined : result.error.code).toBe('PROTOCOL_LIMIT_EXCEEDED');
  });

  it('random text never throws', () => {
    void fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseGenesis(text).ok).toBe(false);
      }),
    );
  });
});

it('readJson reads what JSON.parse reads, whole numbers provided', () => {
  const plain = (value: unknown): unknown =>
    value instanceof Map
      ? Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
      : Array.isArray(value)
        ? value.map(plain)
        : value;
  const values = fc
    .jsonValue({ maxDepth: 4 })
    .filter((value) => !/[0-9]\.[0-9]|[0-9]e[+-]|__proto__/.test(JSON.stringify(value)));
  void fc.assert(
    fc.property(values, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      const result = readJson(text);
      if (!result.ok) expect(text).toMatch(/[0-9]{16,}|[\u007f-\u009f]/);
      else expect(plain(result.value)).toEqual(JSON.parse(text));
    }),
  );
});

it('node addresses are multiaddrs of TCP', () => {
  const good = [
    '/ip4/0.0.0.0/tcp/1',
    '/ip4/255.255.255.255/tcp/65535',
    '/ip6/::1/tcp/30300',
    '/ip6/2001:db8::1/tcp/1',
    '/dns4/localhost/tcp/30300',
    '/dns6/a.b-c.example/tcp/9',
    '/dns/x/tcp/9',
  ];
  const bad = [
    '',
    '/',
    '/ip4/256.0.0.1/tcp/1',
    '/ip4/1.2.3/tcp/1',
    '/ip4/1.2.3.4./tcp/1',
    '/ip4/01.2.3.4/tcp/1',
    '/ip4/1.2.3.4/tcp/0',
    '/ip4/1.2.3.4/tcp/65536',
    '/ip4/1.2.3.4/tcp/01',
    '/ip4/1.2.3.4/udp/1',
    '/ip4/1.2.3.4/tcp/1/p2p/x',
    '1.2.3.4:1',
    '/dns4/-a/tcp/1',
    '/dns4/a..b/tcp/1',
    '/dns4//tcp/1',
    '/ip6/1/tcp/1',
    `/dns4/${'a.'.repeat(130)}a/tcp/1`,
    '/dnsaddr/x/tcp/1',
    '/ip4/1.2.3.4/tcp/1\n',
  ];
  expect(good.filter((text) => !isNodeAddress(text))).toEqual([]);
  expect(bad.filter(isNodeAddress)).toEqual([]);
});

it('UTF-8 is strict and agrees with the platform', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  void fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 6 }),
        fc.string({ unit: 'binary', maxLength: 5 }).map((text) => new TextEncoder().encode(text)),
      ),
      (bytes) => {
        let expected: string | undefined;
        try {
          expected = strict.decode(bytes);
        } catch {
          expected = undefined;
        }
        expect(decodeUtf8(bytes)).toBe(expected);
        if (expected !== undefined) expect(encodeUtf8(expected)).toEqual(bytes);
      },
    ),
    { numRuns: 2_000 },
  );
  for (const bytes of [
    [0xc0, 0x80],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf0, 0x80, 0x80, 0x80],
    [0xe2, 0x82],
  ]) {
    expect(decodeUtf8(Uint8Array.from(bytes))).toBeUndefined();
  }
});
