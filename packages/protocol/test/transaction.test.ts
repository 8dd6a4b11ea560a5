/** FMT-20 to FMT-23: Ethereum transactions, cross-checked against viem. */
import { ethereumCrypto, initCrypto } from '@hansa/crypto';
import { type AddressHex, bytesToHex, concatBytes, fromHex, type HashHex, type Height } from '@hansa/primitives';
import {
  ACCESS_LIST_KEY_COUNT_MAX,
  decodeTransaction,
  encodeRlp,
  encodeSignedTransaction,
  LAST_HEIGHT_ADDRESS,
  type ProtocolErrorCode,
  type RlpItem,
  recoverSender,
  rlpUint,
  TX_SIZE_MAX,
  type UnsignedTransaction,
} from '@hansa/protocol';
import fc from 'fast-check';
import { keccak256, parseTransaction, serializeTransaction } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { beforeAll, describe, expect, it } from 'vitest';
import * as arbitrary from './arbitrary.ts';

const KEY = fromHex('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80');
const ACCOUNT = privateKeyToAccount(`0x${bytesToHex(KEY)}`);
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const EMPTY = new Uint8Array(0);

beforeAll(initCrypto);

const sample = (change: Partial<UnsignedTransaction> = {}): UnsignedTransaction => ({
  type: 2,
  chainId: 20200,
  nonce: 7n,
  gasLimit: 21_000n,
  maxFeePerGas: 3n,
  maxPriorityFeePerGas: 1n,
  to: '70997970c51812dc3a010c7d01b50e0d17dc79c8' as AddressHex,
  value: 10n ** 18n,
  data: Uint8Array.of(1, 2, 3),
  accessList: [],
  ...change,
});

const codeOf = (bytes: Uint8Array): ProtocolErrorCode | undefined => {
  const result = decodeTransaction(bytes);
  return result.ok ? undefined : result.error.code;
};

/** The fields as RLP items, to be tampered with. */
function legacyItems(change: Readonly<Record<number, RlpItem>> = {}): Uint8Array {
  const r = fromHex('11'.repeat(32));
  const items: RlpItem[] = [
    rlpUint(7n),
    rlpUint(3n),
    rlpUint(21_000n),
    fromHex('22'.repeat(20)),
    rlpUint(1n),
    EMPTY,
    rlpUint(40_435n),
    r,
    r,
  ];
  return encodeRlp(items.map((item, i) => change[i] ?? item));
}

function typedItems(type: 1 | 2, change: Readonly<Record<number, RlpItem>> = {}): Uint8Array {
  const r = fromHex('11'.repeat(32));
  const fees = type === 1 ? [rlpUint(3n)] : [rlpUint(1n), rlpUint(3n)];
  const items: RlpItem[] = [
    rlpUint(20_200n),
    rlpUint(7n),
    ...fees,
    rlpUint(21_000n),
    fromHex('22'.repeat(20)),
    rlpUint(1n),
    EMPTY,
    [],
    rlpUint(1n),
    r,
    r,
  ];
  return concatBytes(Uint8Array.of(type), encodeRlp(items.map((item, i) => change[i] ?? item)));
}

describe('FMT-20: viem and this codec agree', () => {
  const unsigned: fc.Arbitrary<UnsignedTransaction> = fc
    .record({
      type: fc.constantFrom(0 as const, 1 as const, 2 as const),
      chainId: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 40 })),
      nonce: fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 53n - 1n)),
      gasLimit: fc.bigInt(0n, 2n ** 63n),
      maxFeePerGas: fc.bigInt(0n, 2n ** 100n),
      to: fc.option(arbitrary.address, { nil: undefined }),
      value: fc.oneof(fc.bigInt(0n, 300n), arbitrary.u256),
      data: fc.uint8Array({ maxLength: 300 }),
      accessList: fc.array(
        fc.record({ address: arbitrary.address, storageKeys: fc.array(arbitrary.hash, { maxLength: 3 }) }),
        { maxLength: 3 },
      ),
      divisor: fc.bigInt(1n, 5n),
    })
    .map(({ divisor, ...tx }) => ({
      ...tx,
      maxPriorityFeePerGas: tx.type === 2 ? tx.maxFeePerGas / divisor : tx.maxFeePerGas,
      accessList: tx.type === 0 ? [] : tx.accessList,
    }));

  it('what we sign, viem reads with the same fields, hash and sender; and what viem writes are our bytes', async () => {
    await fc.assert(
      fc.asyncProperty(unsigned, async (tx) => {
        const bytes = encodeSignedTransaction(tx, KEY);
        const decoded = decodeTransaction(bytes);
        if (!decoded.ok) throw new Error(decoded.error.message);
        const { value } = decoded;
        expect({ ...value, to: value.to }).toMatchObject({ ...tx });
        expect(`0x${value.hash}`).toBe(keccak256(bytes));
        const signed = recoverSender(value);
        // With the sender, and every other field as it was decoded.
        expect(signed).toEqual({ ok: true, value: { ...value, sender: ethereumCrypto.addressOfKey(KEY) } });
        expect(signed.ok && `0x${signed.value.sender}`).toBe(ACCOUNT.address.toLowerCase());

        const common = {
          chainId: tx.chainId,
          nonce: Number(tx.nonce),
          gas: tx.gasLimit,
          value: tx.value,
          data: `0x${bytesToHex(tx.data)}` as const,
          ...(tx.to === undefined ? {} : { to: `0x${tx.to}` as const }),
        };
        const accessList = tx.accessList.map((entry) => ({
          address: `0x${entry.address}` as const,
          storageKeys: entry.storageKeys.map((key) => `0x${key}` as const),
        }));
        const theirs =
          tx.type === 0
            ? await ACCOUNT.signTransaction({ type: 'legacy', gasPrice: tx.maxFeePerGas, ...common })
            : tx.type === 1
              ? await ACCOUNT.signTransaction({ type: 'eip2930', gasPrice: tx.maxFeePerGas, accessList, ...common })
              : await ACCOUNT.signTransaction({
                  type: 'eip1559',
                  maxFeePerGas: tx.maxFeePerGas,
                  maxPriorityFeePerGas: tx.maxPriorityFeePerGas,
                  accessList,
                  ...common,
                });
        expect(`0x${bytesToHex(bytes)}`).toBe(theirs);
      }),
      { numRuns: 60 },
    );
  });

  it('a transaction that viem wrote without a price is read as one of price 0', async () => {
    const theirs = await ACCOUNT.signTransaction({
      type: 'legacy',
      chainId: 1,
      gas: 21_000n,
      nonce: 0,
      to: ACCOUNT.address,
    });
    const decoded = decodeTransaction(fromHex(theirs.slice(2)));
    expect(decoded.ok && [decoded.value.nonce, decoded.value.maxFeePerGas, decoded.value.value]).toEqual([0n, 0n, 0n]);
    expect(parseTransaction(theirs).type).toBe('legacy');
  });
});

describe('FMT-21: refused by name', () => {
  const r = fromHex('11'.repeat(32));
  const cases: readonly {
    readonly name: string;
    readonly bytes: Uint8Array;
    readonly code: ProtocolErrorCode;
    readonly text?: RegExp;
  }[] = [
    { name: 'nothing', bytes: EMPTY, code: 'PROTOCOL_TX_MALFORMED' },
    { name: 'blob transaction', bytes: Uint8Array.of(3, 0xc0), code: 'PROTOCOL_TX_TYPE_REFUSED', text: /blob.*4844/ },
    {
      name: 'set-code transaction',
      bytes: Uint8Array.of(4, 0xc0),
      code: 'PROTOCOL_TX_TYPE_REFUSED',
      text: /set-code.*7702/,
    },
    { name: 'unknown type', bytes: Uint8Array.of(5, 0xc0), code: 'PROTOCOL_TX_TYPE_REFUSED', text: /type 5/ },
    { name: 'type 0 as a typed transaction', bytes: Uint8Array.of(0, 0xc0), code: 'PROTOCOL_TX_TYPE_REFUSED' },
    { name: 'a string', bytes: Uint8Array.of(0x80), code: 'PROTOCOL_TX_MALFORMED' },
    {
      name: 'too large',
      bytes: new Uint8Array(TX_SIZE_MAX + 1).fill(0xc0),
      code: 'PROTOCOL_TX_TOO_LARGE',
      text: /131072/,
    },
    {
      name: 'no chain id (v = 27)',
      bytes: legacyItems({ 6: rlpUint(27n) }),
      code: 'PROTOCOL_TX_CHAIN_ID_MISSING',
      text: /replayed/,
    },
    { name: 'no chain id (v = 28)', bytes: legacyItems({ 6: rlpUint(28n) }), code: 'PROTOCOL_TX_CHAIN_ID_MISSING' },
    {
      name: 'unsigned (v = chain id, r = s = 0)',
      bytes: legacyItems({ 6: rlpUint(1n), 7: EMPTY, 8: EMPTY }),
      code: 'PROTOCOL_TX_CHAIN_ID_MISSING',
    },
    { name: 'chain id 0, legacy', bytes: legacyItems({ 6: rlpUint(35n) }), code: 'PROTOCOL_TX_CHAIN_ID_RANGE' },
    { name: 'chain id 0, typed', bytes: typedItems(2, { 0: EMPTY }), code: 'PROTOCOL_TX_CHAIN_ID_RANGE' },
    {
      name: 'chain id above 2^53 - 1, legacy',
      bytes: legacyItems({ 6: rlpUint(35n + 2n * 2n ** 53n) }),
      code: 'PROTOCOL_TX_CHAIN_ID_RANGE',
    },
    {
      name: 'chain id above 2^53 - 1, typed',
      bytes: typedItems(1, { 0: rlpUint(2n ** 53n) }),
      code: 'PROTOCOL_TX_CHAIN_ID_RANGE',
    },
    { name: 'high s', bytes: legacyItems({ 8: rlpUint(ORDER - 5n) }), code: 'PROTOCOL_TX_HIGH_S', text: /EIP-2/ },
    {
      name: 's = half of the order + 1',
      bytes: typedItems(2, { 11: rlpUint(ORDER / 2n + 1n) }),
      code: 'PROTOCOL_TX_HIGH_S',
    },
    { name: 's = 0', bytes: typedItems(2, { 11: EMPTY }), code: 'PROTOCOL_TX_SIGNATURE_RANGE' },
    { name: 'r = 0', bytes: legacyItems({ 7: EMPTY }), code: 'PROTOCOL_TX_SIGNATURE_RANGE' },
    { name: 'r = order', bytes: legacyItems({ 7: rlpUint(ORDER) }), code: 'PROTOCOL_TX_SIGNATURE_RANGE' },
    { name: 'parity 2', bytes: typedItems(2, { 9: rlpUint(2n) }), code: 'PROTOCOL_TX_SIGNATURE_RANGE' },
    {
      name: 'nonce 2^64 - 1',
      bytes: legacyItems({ 0: rlpUint(2n ** 64n - 1n) }),
      code: 'PROTOCOL_TX_OUT_OF_RANGE',
      text: /2681/,
    },
    { name: 'nonce of nine bytes', bytes: legacyItems({ 0: rlpUint(2n ** 64n) }), code: 'PROTOCOL_TX_OUT_OF_RANGE' },
    { name: 'gas of nine bytes', bytes: legacyItems({ 2: rlpUint(2n ** 64n) }), code: 'PROTOCOL_TX_OUT_OF_RANGE' },
    { name: 'value of 33 bytes', bytes: legacyItems({ 4: rlpUint(2n ** 256n) }), code: 'PROTOCOL_TX_OUT_OF_RANGE' },
    { name: 'tip above fee cap', bytes: typedItems(2, { 2: rlpUint(4n) }), code: 'PROTOCOL_TX_FEE_CAP_BELOW_TIP' },
    {
      name: 'recipient of 19 bytes',
      bytes: legacyItems({ 3: new Uint8Array(19).fill(1) }),
      code: 'PROTOCOL_TX_MALFORMED',
    },
    { name: 'recipient of 32 bytes', bytes: typedItems(1, { 4: r }), code: 'PROTOCOL_TX_MALFORMED' },
    { name: 'recipient is a list', bytes: legacyItems({ 3: [] }), code: 'PROTOCOL_TX_MALFORMED' },
    { name: 'access list is a string', bytes: typedItems(1, { 7: EMPTY }), code: 'PROTOCOL_TX_MALFORMED' },
    {
      name: 'address of 19 bytes in the access list',
      bytes: typedItems(1, { 7: [[new Uint8Array(19), []]] }),
      code: 'PROTOCOL_TX_MALFORMED',
    },
    {
      name: 'key of 31 bytes in the access list',
      bytes: typedItems(1, { 7: [[new Uint8Array(20), [new Uint8Array(31)]]] }),
      code: 'PROTOCOL_TX_MALFORMED',
    },
    {
      name: 'an access list entry of three',
      bytes: typedItems(1, { 7: [[new Uint8Array(20), [], EMPTY]] }),
      code: 'PROTOCOL_TX_MALFORMED',
    },
    {
      name: 'leading zero in the nonce',
      bytes: legacyItems({ 0: Uint8Array.of(0, 7) }),
      code: 'PROTOCOL_TX_NOT_CANONICAL',
    },
    { name: 'zero written as a byte', bytes: legacyItems({ 4: Uint8Array.of(0) }), code: 'PROTOCOL_TX_NOT_CANONICAL' },
    {
      name: 'leading zero in r',
      bytes: legacyItems({ 7: concatBytes(Uint8Array.of(0), r.subarray(1)) }),
      code: 'PROTOCOL_TX_NOT_CANONICAL',
    },
    { name: 'a byte too many', bytes: concatBytes(legacyItems(), Uint8Array.of(0)), code: 'PROTOCOL_TX_MALFORMED' },
    { name: 'a field too many', bytes: encodeRlp([...Array(10)].map(() => EMPTY)), code: 'PROTOCOL_TX_MALFORMED' },
    { name: 'a field too few', bytes: encodeRlp([...Array(8)].map(() => EMPTY)), code: 'PROTOCOL_TX_MALFORMED' },
    { name: 'deep nesting', bytes: new Uint8Array(60_000).fill(0xc1), code: 'PROTOCOL_TX_MALFORMED' },
  ];
  for (const { name, bytes, code, text } of cases) {
    it(name, () => {
      const result = decodeTransaction(bytes);
      expect(result.ok ? undefined : result.error.code).toBe(code);
      if (text !== undefined && !result.ok) expect(result.error.message).toMatch(text);
    });
  }

  it('the samples themselves are good, so that each case shows its own fault', () => {
    expect([codeOf(legacyItems()), codeOf(typedItems(1)), codeOf(typedItems(2))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('s at half of the order is the highest that is accepted', () => {
    expect(codeOf(typedItems(2, { 11: rlpUint(ORDER / 2n) }))).toBeUndefined();
  });

  it('a transaction of exactly the maximum size is accepted', () => {
    const overhead =
      encodeSignedTransaction(sample({ data: new Uint8Array(TX_SIZE_MAX - 300) }), KEY).length - (TX_SIZE_MAX - 300);
    const bytes = encodeSignedTransaction(sample({ data: new Uint8Array(TX_SIZE_MAX - overhead) }), KEY);
    expect(bytes.length).toBe(TX_SIZE_MAX);
    expect(codeOf(bytes)).toBeUndefined();
  });

  it('more storage keys of one entry than the maximum are refused', () => {
    const key = new Uint8Array(32);
    expect(codeOf(typedItems(1, { 7: [[new Uint8Array(20), Array(3_900).fill(key)]] }))).toBeUndefined();
    expect(ACCESS_LIST_KEY_COUNT_MAX * 33).toBeGreaterThan(TX_SIZE_MAX);
  });
});

describe('FMT-22: last height', () => {
  const wordOf = (value: bigint): HashHex => value.toString(16).padStart(64, '0') as HashHex;
  const withList = (accessList: UnsignedTransaction['accessList']): Uint8Array =>
    encodeSignedTransaction(sample({ type: 1, maxPriorityFeePerGas: 3n, accessList }), KEY);

  it('is the only storage key of the entry for the reserved address', () => {
    for (const last of [0, 1, 1_000_000, Number.MAX_SAFE_INTEGER]) {
      const bytes = encodeSignedTransaction(sample({ lastHeight: last as Height }), KEY);
      const decoded = decodeTransaction(bytes);
      expect(decoded.ok && decoded.value.lastHeight).toBe(last);
      expect(decoded.ok && decoded.value.accessList).toEqual([
        { address: LAST_HEIGHT_ADDRESS, storageKeys: [wordOf(BigInt(last))] },
      ]);
    }
    expect(LAST_HEIGHT_ADDRESS).toBe('0000000000000000000000000000000000010020');
  });

  it('a transaction without the entry never expires', () => {
    const other = withList([{ address: '11'.repeat(20) as AddressHex, storageKeys: [wordOf(5n)] }]);
    const decoded = decodeTransaction(other);
    expect(decoded.ok && 'lastHeight' in decoded.value && decoded.value.lastHeight).toBeUndefined();
  });

  it('no key, two keys, two entries and a height above 2^53 - 1 are refused', () => {
    const entry = (...keys: bigint[]) => ({ address: LAST_HEIGHT_ADDRESS, storageKeys: keys.map(wordOf) });
    for (const list of [[entry()], [entry(1n, 2n)], [entry(1n), entry(1n)], [entry(2n ** 53n)]]) {
      expect(codeOf(withList(list))).toBe('PROTOCOL_TX_LAST_HEIGHT_MALFORMED');
    }
  });

  it('a legacy transaction has no place for it', () => {
    expect(() => encodeSignedTransaction(sample({ type: 0, lastHeight: 5 as Height }), KEY)).toThrow(/access list/);
  });
});

describe('FMT-23: bytes', () => {
  const bytes = encodeSignedTransaction(sample({ lastHeight: 9 as Height }), KEY);

  it('every truncation is refused', () => {
    for (let size = 0; size < bytes.length; size++) expect(decodeTransaction(bytes.subarray(0, size)).ok).toBe(false);
  });

  it('every flipped bit is refused, or changes hash and sender', () => {
    const original = decodeTransaction(bytes);
    if (!original.ok) throw new Error(original.error.message);
    let acceptedCount = 0;
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const result = decodeTransaction(flipped);
      if (!result.ok) continue;
      acceptedCount++;
      expect(result.value.hash).not.toBe(original.value.hash);
      const signed = recoverSender(result.value);
      if (signed.ok) expect(signed.value.sender).not.toBe(ACCOUNT.address.toLowerCase().slice(2));
      else expect(signed.error.code).toBe('PROTOCOL_TX_SIGNATURE_INVALID');
    }
    expect(acceptedCount).toBeGreaterThan(10);
  });

  it('random bytes behind each kind of start never throw', () => {
    void fc.assert(
      fc.property(fc.constantFrom([], [1], [2], [0xf8, 0x60]), fc.uint8Array({ maxLength: 120 }), (start, rest) => {
        expect(decodeTransaction(Uint8Array.of(...start, ...rest))).toHaveProperty('ok');
      }),
    );
  });

  it('signingDigest is what viem signs', () => {
    const unsigned = serializeTransaction({
      type: 'eip1559',
      chainId: 20200,
      nonce: 7,
      gas: 21_000n,
      maxFeePerGas: 3n,
      maxPriorityFeePerGas: 1n,
      to: '0x70997970c51812dc3a010c7d01b50e0d17dc79c8',
      value: 10n ** 18n,
      data: '0x010203',
    });
    const decoded = decodeTransaction(encodeSignedTransaction(sample(), KEY));
    expect(decoded.ok && `0x${bytesToHex(decoded.value.signingDigest)}`).toBe(keccak256(unsigned));
  });

  it('keeps the original bytes; data is a view into them', () => {
    const decoded = decodeTransaction(bytes);
    expect(decoded.ok && decoded.value.bytes).toBe(bytes);
    expect(decoded.ok && decoded.value.data.buffer).toBe(bytes.buffer);
    expect(decoded.ok && decoded.value.hash).toBe(bytesToHex(ethereumCrypto.keccak256(bytes)));
  });
});
