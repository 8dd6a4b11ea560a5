/** Tables of records: docs/spec/kv.md, rule by rule. Every block runs in both engines. */
import { ethereumCrypto } from '@hansa/crypto';
import { AUTH_ADDRESS, AUTH_TYPE, DEPLOY_KEY, encodeAccessList, MEMBERSHIP_CODES, methodKey } from '@hansa/membership';
import { type AddressHex, bytesToHex, concatBytes, fromHex, ZERO_ADDRESS } from '@hansa/primitives';
import { accountKey, encodeUtf8, type Receipt, type StateKey } from '@hansa/protocol';
import fc from 'fast-check';
import { type Address, decodeEventLog, encodeFunctionData, getContractAddress, keccak256, parseAbi, toHex } from 'viem';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AbiType, type AbiValue, decodeAbi, encodeCall, selectorOf } from '../src/abi.ts';
import { callMessage, rowKey, tableAddress } from '../src/index.ts';
import { KV_TABLES_ADDRESS, TABLE_MANAGER_ADDRESS } from '../src/system/addresses.ts';
import { TABLE_CODE, tableKey } from '../src/system/kv-tables.ts';
import { callData, hex, resultOf, suite, TestChain } from './kit/chain.ts';
import { contract } from './kit/solidity.ts';

/** Wallet 0 is an admin of organisation alpha; 2 and 3 are of none. */
const [ADMIN, OWNER, STRANGER] = [0, 2, 3];
const KV = parseAbi([
  'function set(string key, string value) returns (int256)',
  'function get(string key) view returns (bool, string)',
  'event Written(bytes32 indexed keyHash, string key, bytes32 valueHash)',
]);
const SET = selectorOf('set(string,string)');

let chain: TestChain;
beforeEach(() => {
  chain = new TestChain();
});

async function send(from: number, to: AddressHex, data: Uint8Array, fields: object = {}): Promise<Receipt> {
  const { receipts } = await chain.block([chain.sign(from, { to, data, gasLimit: 1_500_000n, ...fields })]);
  return receipts[0] as Receipt;
}

const create = (name: string, key = 'id', value = 'document'): Uint8Array =>
  encodeCall('createKVTable(string,string,string)', ['string', 'string', 'string'], [name, key, value]);
const set = (key: string, value: string): Uint8Array =>
  encodeCall('set(string,string)', ['string', 'string'], [key, value]);
const get = (key: string): Uint8Array => encodeCall('get(string)', ['string'], [key]);
const auth = (signature: string, types: readonly AbiType[], values: readonly AbiValue[]): Uint8Array =>
  encodeCall(signature, types, values);
const open = (table: AddressHex, account: AddressHex): Uint8Array =>
  auth('openMethodAuth(address,bytes4,address)', ['address', 'bytes4', 'address'], [table, SET, account]);

const codeOf = (output: Uint8Array): unknown => decodeAbi(['int256'], output)?.[0];
const reasonOf = (output: Uint8Array): unknown => decodeAbi(['string'], output.subarray(4))?.[0];

async function view(to: AddressHex, data: Uint8Array): Promise<Uint8Array> {
  const outcome = await callMessage({
    suite,
    environment: chain.environment(),
    state: chain.state,
    request: { to, data },
    gasCap: 50_000_000n,
  });
  if (outcome.type !== 'success') throw new Error(`${outcome.type}`);
  return outcome.output;
}

const read = async (table: AddressHex, key: string): Promise<unknown> =>
  decodeAbi(['bool', 'string'], await view(table, get(key)));

/** A table of wallet 2. */
async function makeTable(name = 'evidence'): Promise<AddressHex> {
  const receipt = await send(OWNER, TABLE_MANAGER_ADDRESS, create(name));
  expect(codeOf(receipt.output)).toBe(0n);
  return tableAddress(name);
}

describe('tables', () => {
  it('KV-1, KV-3, KV-4: a table is made once, at the address of CREATE2, as a contract with code and nonce 1', async () => {
    const table = await makeTable();
    const create2 = getContractAddress({
      opcode: 'CREATE2',
      from: `0x${TABLE_MANAGER_ADDRESS}`,
      salt: keccak256(toHex('evidence')),
      bytecodeHash: keccak256(TABLE_CODE),
    });
    expect(`0x${table}`).toBe(create2.toLowerCase());
    const codeHash = bytesToHex(ethereumCrypto.keccak256(TABLE_CODE));
    expect(chain.account(table)).toEqual({ nonce: 1n, balance: 0n, codeHash });
    expect(bytesToHex(TABLE_CODE)).toBe('365f5f375f5f365f346110095af13d5f5f3e3d905f90601a57fd5bf3');
    const openTable = (name: string): Uint8Array => encodeCall('openTable(string)', ['string'], [name]);
    expect(decodeAbi(['address'], await view(TABLE_MANAGER_ADDRESS, openTable('evidence')))).toEqual([table]);
    expect(decodeAbi(['address'], await view(TABLE_MANAGER_ADDRESS, openTable('other')))).toEqual([ZERO_ADDRESS]);
    const desc = (name: string): Uint8Array => encodeCall('desc(string)', ['string'], [name]);
    expect(decodeAbi(['(string,string[])'], await view(TABLE_MANAGER_ADDRESS, desc('evidence')))).toEqual([
      ['id', ['document']],
    ]);
    await expect(view(TABLE_MANAGER_ADDRESS, desc('other'))).rejects.toThrow('revert');
    const again = await send(STRANGER, TABLE_MANAGER_ADDRESS, create('evidence'));
    expect(codeOf(again.output)).toBe(-50_001n);
  });

  it.each([
    { name: 'a name that is too long', args: ['n'.repeat(51), 'k', 'v'], code: -50_002n },
    { name: 'a name of a column that is too long', args: ['n', 'k', 'v'.repeat(65)], code: -50_003n },
    { name: 'an empty name', args: ['', 'k', 'v'], code: -50_008n },
    { name: 'a path', args: ['/tables/n', 'k', 'v'], code: -50_008n },
    { name: 'letters beyond ASCII', args: ['证据', 'k', 'v'], code: -50_008n },
    { name: 'a line break at the end', args: ['n\n', 'k', 'v'], code: -50_008n },
    { name: 'a column without a name', args: ['n', '', 'v'], code: -50_008n },
    { name: 'two columns of one name', args: ['n', 'k', 'k'], code: -50_007n },
  ])('KV-2: $name is refused, and nothing changes', async ({ args, code }) => {
    const [name, key, value] = args as [string, string, string];
    const receipt = await send(OWNER, TABLE_MANAGER_ADDRESS, create(name, key, value));
    expect(codeOf(receipt.output)).toBe(code);
    expect(chain.state.get(tableKey(tableAddress(name)))).toBeUndefined();
  });

  it('KV-2: names at their limits are fine', async () => {
    const receipt = await send(
      OWNER,
      TABLE_MANAGER_ADDRESS,
      create('N_9'.padEnd(50, 'z'), 'k'.repeat(64), 'v'.repeat(64)),
    );
    expect(codeOf(receipt.output)).toBe(0n);
  });

  it('KV-4: a contract makes and uses a table in one transaction; a balance that was there before stays', async () => {
    const table = tableAddress('evidence');
    await send(STRANGER, table, new Uint8Array(0), { value: 7n });
    const keeper = contract('Keeper');
    const at = await chain.deploy(keeper);
    const receipt = await send(OWNER, at, callData(keeper, 'begin', ['evidence', 'a', 'b', `0x${table}`]));
    expect(resultOf(keeper, 'begin', receipt.output)).toEqual([0n, 28n, true, 'b']);
    expect(chain.account(table)).toMatchObject({ nonce: 1n, balance: 7n });
    expect(await read(table, 'a')).toEqual([true, 'b']);
    // KV-7: the caller writes, the sender of the transaction governs.
    expect((await send(OWNER, table, set('a', 'c'))).status).toBe(0);
    expect(codeOf((await send(OWNER, AUTH_ADDRESS, open(table, chain.wallet(OWNER).address))).output)).toBe(0n);
    expect((await send(OWNER, table, set('a', 'c'))).status).toBe(1);
  });

  it('KV-4: what was made in a frame that fails is gone at once, and can be made again', async () => {
    const table = tableAddress('evidence');
    const keeper = contract('Keeper');
    const at = await chain.deploy(keeper);
    const data = callData(keeper, 'tryBegin', ['evidence', 'a', 'b', `0x${table}`]);
    const receipt = await send(OWNER, at, data);
    expect([receipt.status, resultOf(keeper, 'tryBegin', receipt.output), receipt.logs]).toEqual([1, 0n, []]);
    expect(chain.account(table)).toBeUndefined();
    expect(chain.state.get(tableKey(table))).toBeUndefined();
    await makeTable();
    expect(await read(table, 'a')).toEqual([false, '']);
  });

  it('KV-4: 0x1009 answers tables alone, and a table is not called by delegation', async () => {
    const table = await makeTable();
    for (const data of [set('a', 'b'), get('a')]) {
      const receipt = await send(ADMIN, KV_TABLES_ADDRESS, data);
      expect([receipt.status, reasonOf(receipt.output)]).toEqual([0, 'a table is called at its own address']);
    }
    const caller = contract('Caller');
    const at = await chain.deploy(caller);
    const receipt = await send(OWNER, at, callData(caller, 'forwardDelegate', [`0x${table}`, hex(set('a', 'b'))]));
    const [isFine, answer] = resultOf(caller, 'forwardDelegate', receipt.output) as [boolean, `0x${string}`];
    expect([isFine, reasonOf(fromHex(answer.slice(2)))]).toEqual([false, 'a table is called at its own address']);
  });
});

describe('rows', () => {
  it('KV-8: a value is what was set last; an empty one is one; a key that was never set has none', async () => {
    const table = await makeTable();
    expect(await read(table, 'a')).toEqual([false, '']);
    const first = await send(OWNER, table, set('a', 'one'));
    expect([first.status, codeOf(first.output)]).toEqual([1, 1n]);
    await send(OWNER, table, set('a', '中国银行 €'));
    await send(OWNER, table, set('b', ''));
    expect(await read(table, 'a')).toEqual([true, '中国银行 €']);
    expect(await read(table, 'b')).toEqual([true, '']);
    const other = await makeTable('other');
    expect(await read(other, 'a')).toEqual([false, '']);
  });

  it('KV-8: keys and values at their limits, and over them', async () => {
    const table = await makeTable();
    const long = 'v'.repeat(16_384);
    const gasLimit = 3_000_000n;
    expect((await send(OWNER, table, set('k'.repeat(128), long), { gasLimit })).status).toBe(1);
    expect(await read(table, 'k'.repeat(128))).toEqual([true, long]);
    expect(await read(table, 'k'.repeat(129))).toEqual([false, '']);
    expect(await read(table, '')).toEqual([false, '']);
    for (const [key, value, reason] of [
      ['k'.repeat(129), 'v', 'a key has 1 to 128 bytes'],
      // 43 letters of three bytes.
      ['中'.repeat(43), 'v', 'a key has 1 to 128 bytes'],
      ['', 'v', 'a key has 1 to 128 bytes'],
      ['k', `${long}v`, 'set(string,string) is expected'],
    ] as const) {
      const receipt = await send(OWNER, table, set(key, value), { gasLimit });
      expect([receipt.status, reasonOf(receipt.output), receipt.logs]).toEqual([0, reason, []]);
    }
  });

  it('KV-5: state holds the value as it was given, under a key that anybody can write down', async () => {
    const table = await makeTable();
    await send(OWNER, table, set('2026/114', 'a sworn statement'));
    const name = bytesToHex(concatBytes(encodeUtf8('row/'), fromHex(table), encodeUtf8('2026/114')));
    const key = `03${KV_TABLES_ADDRESS}${name}` as StateKey;
    expect(rowKey(table, encodeUtf8('2026/114'))).toBe(key);
    expect(chain.state.get(key)).toEqual(encodeUtf8('a sworn statement'));
    const longest = rowKey(table, new Uint8Array(128));
    expect(longest.length / 2).toBe(173);
    const changed = chain.blocks.at(-1)?.changes.map((change) => change.key);
    expect(changed).toEqual(expect.arrayContaining([key, accountKey(chain.wallet(OWNER).address)]));
    expect(changed?.filter((each) => each.startsWith('03'))).toEqual([key]);
  });

  it('KV-6: an event of the table says which key, and the hash of what is stored', async () => {
    const table = await makeTable();
    const { logs } = await send(OWNER, table, set('2026/114', 'a sworn statement'));
    expect(logs).toHaveLength(1);
    const [log] = logs;
    expect(log?.address).toBe(table);
    const topics = (log?.topics ?? []).map((topic): `0x${string}` => `0x${topic}`) as [`0x${string}`];
    const event = decodeEventLog({ abi: KV, topics, data: hex(log?.data ?? new Uint8Array(0)) });
    expect(event).toEqual({
      eventName: 'Written',
      args: {
        keyHash: keccak256(toHex('2026/114')),
        key: '2026/114',
        valueHash: keccak256(toHex('a sworn statement')),
      },
    });
    expect(`0x${bytesToHex(set('k', 'v'))}`).toBe(
      encodeFunctionData({ abi: KV, functionName: 'set', args: ['k', 'v'] }),
    );
  });
});

describe('rights', () => {
  it('KV-7: at first the one who made it writes; then who is opened; then everybody, if the admin wants it', async () => {
    const table = await makeTable();
    const denied = await send(STRANGER, table, set('a', 'b'));
    expect([denied.status, reasonOf(denied.output)]).toEqual([0, 'Call permission denied.']);
    const admin = await send(ADMIN, table, set('a', 'b'));
    expect([admin.status, reasonOf(admin.output)]).toEqual([0, 'Call permission denied.']);
    const stranger = chain.wallet(STRANGER).address;
    const own = await send(STRANGER, AUTH_ADDRESS, open(table, stranger));
    expect(codeOf(own.output)).toBe(BigInt(MEMBERSHIP_CODES.noPermission));
    expect(codeOf((await send(OWNER, AUTH_ADDRESS, open(table, stranger))).output)).toBe(0n);
    expect((await send(STRANGER, table, set('a', 'b'))).status).toBe(1);
    const types = ['address', 'bytes4', 'uint8'] as const;
    const all = auth('setMethodAuthType(address,bytes4,uint8)', types, [table, SET, 2n]);
    expect(codeOf((await send(OWNER, AUTH_ADDRESS, all)).output)).toBe(0n);
    expect((await send(ADMIN, table, set('c', 'd'))).status).toBe(1);
  });

  it('KV-7: a frozen table gives and takes nothing; a list that cannot be read denies', async () => {
    const table = await makeTable();
    const freeze = auth('setContractStatus(address,bool)', ['address', 'bool'], [table, true]);
    expect(codeOf((await send(OWNER, AUTH_ADDRESS, freeze)).output)).toBe(0n);
    const denied = await send(OWNER, table, set('a', 'b'));
    expect([denied.status, reasonOf(denied.output)]).toEqual([0, 'Contract is frozen.']);
    await expect(read(table, 'a')).rejects.toThrow('revert');
    const other = await makeTable('other');
    chain.state.apply([{ key: methodKey(other, SET), value: Uint8Array.of(9) }]);
    expect(reasonOf((await send(OWNER, other, set('a', 'b'))).output)).toBe('Call permission denied.');
  });

  it('KV-7: who may not deploy may not make tables, a contract included', async () => {
    const caller = contract('Caller');
    const at = await chain.deploy(caller);
    const entries = [{ account: chain.wallet(OWNER).address, isOpen: true }];
    chain.state.apply([{ key: DEPLOY_KEY, value: encodeAccessList({ type: AUTH_TYPE.whiteList, entries }) }]);
    const denied = await send(STRANGER, TABLE_MANAGER_ADDRESS, create('evidence'));
    expect(codeOf(denied.output)).toBe(BigInt(MEMBERSHIP_CODES.noPermission));
    const data = callData(caller, 'forward', [`0x${TABLE_MANAGER_ADDRESS}`, hex(create('evidence'))]);
    const byContract = await send(OWNER, at, data);
    const [isFine, answer] = resultOf(caller, 'forward', byContract.output) as [boolean, Address];
    expect([isFine, codeOf(fromHex(answer.slice(2)))]).toEqual([true, BigInt(MEMBERSHIP_CODES.noPermission)]);
    await makeTable();
  });

  it('KV-7, KV-8: a static call reads and cannot write', async () => {
    const table = await makeTable();
    await send(OWNER, table, set('a', 'b'));
    const caller = contract('Caller');
    const at = await chain.deploy(caller);
    await send(OWNER, AUTH_ADDRESS, open(table, at));
    const run = async (data: Uint8Array): Promise<readonly [boolean, Uint8Array]> => {
      const receipt = await send(STRANGER, at, callData(caller, 'forwardStatic', [`0x${table}`, hex(data)]));
      const [isFine, answer] = resultOf(caller, 'forwardStatic', receipt.output) as [boolean, Address];
      return [isFine, fromHex(answer.slice(2))];
    };
    const [isRead, value] = await run(get('a'));
    expect([isRead, decodeAbi(['bool', 'string'], value)]).toEqual([true, [true, 'b']]);
    expect((await run(set('a', 'c')))[0]).toBe(false);
    expect(await read(table, 'a')).toEqual([true, 'b']);
  });
});

describe('price', () => {
  it('KV-9: 10,500 and 64 a byte of call data; a full block of the longest values writes less than half a megabyte', async () => {
    const table = await makeTable();
    const gasOf = async (valueSize: number): Promise<bigint> => {
      const { logs, gasUsed, status } = await send(OWNER, table, set('k', 'v'.repeat(valueSize)), {
        gasLimit: 3_000_000n,
      });
      expect([status, logs.length]).toEqual([1, 1]);
      return gasUsed;
    };
    // The call data of both have the same number of zero bytes but for 32 of padding and of length.
    const [small, large] = [await gasOf(1_024), await gasOf(2_048)];
    expect(large - small).toBeGreaterThanOrEqual(1_024n * (64n + 16n));
    expect(large - small).toBeLessThan(1_024n * (64n + 16n) + 1_000n);
    // A contract pays no call data of a transaction: 64 a byte and what every call costs are all.
    const perRow = 10_500n + 64n * BigInt(set('k', 'v'.repeat(16_384)).length);
    expect((30_000_000n / perRow) * 16_384n).toBe(28n * 16_384n);
    expect(await gasOf(100)).toBeLessThan(30_000_000n / 560n);
  });

  it('KV-9, EXE-18: a member pays for tables and rows', async () => {
    const price = 10n ** 9n;
    chain = new TestChain({ parameters: { minimumGasPrice: price } });
    const fields = { gasLimit: 1_500_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
    const unpaid = [chain.sign(ADMIN, { to: TABLE_MANAGER_ADDRESS, data: create('evidence'), ...fields })];
    const { body } = await chain.run(unpaid);
    expect(body.leftOut).toMatchObject([{ reason: 'gas price below minimum' }]);
  });
});

it.each(['remove(string)', 'select(string)', 'count(string)', 'insert((string,string[]))'])(
  'KV-10: there is no %s',
  async (signature) => {
    const table = await makeTable();
    const receipt = await send(OWNER, table, encodeCall(signature, ['string'], ['a']));
    expect([receipt.status, reasonOf(receipt.output)]).toEqual([0, 'undefined function']);
  },
);

it('KV-8: any sequence of calls leaves what a map would, in both engines', async () => {
  const caller = contract('Caller');
  const keys = ['a', 'b', 'ab', 'a/b', '中', 'k'.repeat(128)];
  const step = fc.record({
    from: fc.constantFrom(OWNER, STRANGER),
    way: fc.constantFrom('table', 'table', 'contract', 'failing'),
    table: fc.nat(1),
    key: fc.constantFrom(...keys),
    value: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constant('x'.repeat(1_000))),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 3 }), async (blocks) => {
      chain = new TestChain();
      const tables = [await makeTable('first'), await makeTable('second')];
      const at = await chain.deploy(caller);
      for (const table of tables) await send(OWNER, AUTH_ADDRESS, open(table, at));
      const model = new Map<string, string>();
      for (const steps of blocks) {
        const transactions = steps.map(({ from, way, table, key, value }) => {
          const to = tables[table] as AddressHex;
          const data = set(key, value);
          // The contract is opened, the stranger is not.
          if (way === 'contract' || (way === 'table' && from === OWNER)) model.set(`${table} ${key}`, value);
          const forward = way === 'failing' ? 'forwardAndFail' : 'forward';
          return way === 'table'
            ? chain.sign(from, { to, data, gasLimit: 2_000_000n })
            : chain.sign(from, {
                to: at,
                data: callData(caller, forward, [`0x${to}`, hex(data)]),
                gasLimit: 2_000_000n,
              });
        });
        await chain.block(transactions);
        for (const [index, table] of tables.entries())
          for (const key of keys) {
            const expected = model.get(`${index} ${key}`);
            expect(await read(table, key)).toEqual([expected !== undefined, expected ?? '']);
          }
      }
      const rows = [...chain.state.entries.keys()].filter((key) =>
        key.startsWith(rowKey('' as AddressHex, new Uint8Array(0))),
      );
      expect(rows).toHaveLength(model.size);
    }),
    { numRuns: 12 },
  );
});
