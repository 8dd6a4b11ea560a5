/** A proposal becomes a block: order, fees, receipts, header, and the same bytes every time. */
import { merkleRoot } from '@hansa/crypto';
import { readTermState, registryRoot } from '@hansa/membership';
import { type AddressHex, toHashHex, type ValidatorIndex, type View } from '@hansa/primitives';
import {
  blockHash,
  decodeTransaction,
  receiptDigest,
  receiptRoot,
  type SignedTransaction,
  txRoot,
  validatorsHash,
} from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createdAddress } from '../src/index.ts';
import { digestOf, ETHER, GENESIS_TIME, NOTHING, suite, TestChain, Wallet } from './kit/chain.ts';

const FEES = 'fe'.repeat(20) as AddressHex;
const STRANGER = 'ab'.repeat(20) as AddressHex;
const GAS = 21_000n;
const PRICE = 1_000_000_000n;

describe('genesis (EXE-1)', () => {
  const chain = new TestChain({
    accounts: [
      {
        address: STRANGER,
        balance: 5n,
        nonce: 3n,
        code: Uint8Array.of(0x60, 0x00),
        storage: [{ slot: toHashHex('01'.padStart(64, '0')), value: toHashHex('02'.padStart(64, '0')) }],
      },
    ],
  });

  it('EXE-1: holds the accounts, their code and storage, and the system contracts', () => {
    expect(chain.account(STRANGER)).toMatchObject({ balance: 5n, nonce: 3n });
    expect(chain.slot(STRANGER, 1n)).toBe(2n);
    expect(chain.balance(chain.wallet(0).address)).toBe(1000n * ETHER);
    for (const address of ['1000', '1003'].map((end) => end.padStart(40, '0') as AddressHex))
      expect(chain.account(address)).toMatchObject({ balance: 0n, nonce: 1n });
    expect([...chain.state.entries.keys()].filter((key) => key.startsWith('04'))).toHaveLength(2);
  });

  it('EXE-1: has a header that follows from the genesis alone', () => {
    expect(chain.header).toMatchObject({
      height: 0,
      term: 0,
      timestamp: GENESIS_TIME,
      gasUsed: 0n,
      gasLimit: 30_000_000n,
    });
    expect(chain.header.validatorsHash).toBe(chain.header.nextValidatorsHash);
    expect(new TestChain().head.hash).toBe(new TestChain().head.hash);
    expect(new TestChain({ parameters: { feeRecipient: FEES } }).head.hash).not.toBe(new TestChain().head.hash);
  });
});

describe('order and header', () => {
  it('EXE-3, EXE-7: executes in order, each on what those before have left', async () => {
    const chain = new TestChain();
    const poor = new Wallet(50);
    const first = chain.sign(0, { to: poor.address, value: ETHER, gasLimit: GAS });
    const second = poor.sign({ nonce: 0n, to: STRANGER, value: ETHER / 2n, gasLimit: GAS });
    const { header, receipts, body, hash, proposal, before } = await chain.block([first, second]);
    expect(
      receipts.map(({ status, index, gasUsed, cumulativeGasUsed }) => [status, index, gasUsed, cumulativeGasUsed]),
    ).toEqual([
      [1, 0, GAS, GAS],
      [1, 1, GAS, 2n * GAS],
    ]);
    expect(body).toEqual({ transactions: [first.bytes, second.bytes], leftOut: [] });
    expect(chain.balance(STRANGER)).toBe(ETHER / 2n);
    const { info } = readTermState(before);
    expect(header).toEqual({
      version: 1,
      chainId: 20200,
      groupId: 'group0',
      height: 1,
      term: 0,
      view: 0,
      proposer: info.validators[0]?.nodeId,
      parentHash: chain.hashes[0],
      timestamp: GENESIS_TIME + 1000,
      proposalDigest: digestOf(proposal),
      txRoot: txRoot(suite, [first.hash, second.hash]),
      receiptRoot: receiptRoot(
        suite,
        receipts.map((receipt) => receiptDigest(suite, receipt)),
      ),
      stateRoot: chain.state.root(),
      gasUsed: 2n * GAS,
      gasLimit: 30_000_000n,
      validatorsHash: validatorsHash(suite, info.validators),
      nextValidatorsHash: validatorsHash(suite, info.validators),
      registryRoot: header.registryRoot,
      extensions: [],
    });
    expect(hash).toBe(blockHash(suite, header));
    const hasher = {
      taggedDigest: suite.taggedDigest,
      merkleRoot: (tag: string, leaves: readonly never[]) => merkleRoot(suite, tag, leaves),
    };
    expect(header.registryRoot).toBe(registryRoot(chain.blocks[0]?.registry as never, hasher as never));
  });

  it('EXE-4: an empty proposal is a block, and changes the record of the term alone', async () => {
    const chain = new TestChain();
    // The first block also writes down the genesis hash (EXE-9).
    expect((await chain.block([])).changes).toHaveLength(2);
    const { changes, header } = await chain.block([], { proposer: 1 as ValidatorIndex });
    expect(changes).toHaveLength(1);
    expect(header.gasUsed).toBe(0n);
    expect(header.txRoot).toBe(txRoot(suite, []));
  });

  it('EXE-6: the last block of a term begins the next one', async () => {
    const chain = new TestChain({ parameters: { leaderPeriod: 2 } });
    await chain.block([]);
    expect(chain.info.term).toBe(0);
    const { termInfo } = await chain.block([], { view: 1 as View });
    expect(termInfo).toMatchObject({ term: 1, baseHeight: 2, endHeight: 4 });
    expect(readTermState(chain.state).info.term).toBe(1);
    const third = await chain.block([]);
    expect(third.header).toMatchObject({ term: 1, height: 3 });
  });

  it('refuses to run with other transactions than the proposal has', async () => {
    const chain = new TestChain();
    const transaction = chain.sign(0, { to: STRANGER });
    await expect(chain.run([transaction], { proposal: chain.proposalOf([]) })).rejects.toThrow(
      '0 transactions were expected',
    );
  });
});

describe('fees (EXE-12, EXE-14)', () => {
  const data = new Uint8Array(10).fill(1);
  const cases = [
    { name: 'legacy: the whole gas price', fields: { type: 0, maxFeePerGas: 3n * PRICE }, price: 3n * PRICE },
    { name: '2930: the whole gas price', fields: { type: 1, maxFeePerGas: 3n * PRICE }, price: 3n * PRICE },
    {
      name: '1559: minimum and tip',
      fields: { type: 2, maxFeePerGas: 9n * PRICE, maxPriorityFeePerGas: PRICE },
      price: 2n * PRICE,
    },
    {
      name: '1559: not above its cap',
      fields: { type: 2, maxFeePerGas: PRICE + 5n, maxPriorityFeePerGas: PRICE },
      price: PRICE + 5n,
    },
  ] as const;
  it.each(cases)('EXE-12: $name', async ({ fields, price }) => {
    const chain = new TestChain({ parameters: { minimumGasPrice: PRICE, feeRecipient: FEES } });
    const { receipts } = await chain.block([
      chain.sign(0, { ...fields, to: STRANGER, value: 7n, data, gasLimit: 90_000n }),
    ]);
    const gasUsed = GAS + 10n * 40n;
    expect(receipts[0]).toMatchObject({ effectiveGasPrice: price, gasUsed });
    expect(chain.balance(FEES)).toBe(gasUsed * price);
    expect(chain.balance(chain.wallet(0).address)).toBe(1000n * ETHER - 7n - gasUsed * price);
  });

  it('EXE-14: at price 0 the fee recipient is not touched', async () => {
    const chain = new TestChain({ parameters: { feeRecipient: FEES } });
    await chain.block([chain.sign(0, { to: STRANGER, value: 7n })]);
    expect(chain.account(FEES)).toBeUndefined();
  });

  it('EXE-14: the fee recipient may be sender and recipient', async () => {
    const feeRecipient = new Wallet(0).address;
    const chain = new TestChain({ parameters: { minimumGasPrice: PRICE, feeRecipient } });
    await chain.block([chain.sign(0, { to: feeRecipient, value: ETHER, maxFeePerGas: PRICE })]);
    expect(chain.account(feeRecipient)).toMatchObject({ balance: 1000n * ETHER, nonce: 1n });
  });

  it('EXE-12: an access list is paid for and does not pay itself back', async () => {
    const chain = new TestChain();
    const storageKeys = ['00'.repeat(32), '00'.repeat(32)] as never[];
    const { receipts } = await chain.block([
      chain.sign(0, { to: STRANGER, accessList: [{ address: STRANGER, storageKeys }] }),
    ]);
    expect(receipts[0]?.gasUsed).toBe(GAS + 2400n + 2n * 1900n);
  });
});

describe('kinds (EXE-10)', () => {
  it('EXE-10: legacy, 2930 and 1559 alike; blobs and delegations never become transactions', async () => {
    const chain = new TestChain();
    const kinds = ([0, 1, 2] as const).map((type) => chain.sign(0, { type, to: STRANGER, value: 1n }));
    const { receipts } = await chain.block(kinds);
    expect(receipts.map(({ status, gasUsed }) => [status, gasUsed])).toEqual([1, 2, 3].map(() => [1, GAS]));
    const bytes = (kinds[2] as SignedTransaction).bytes;
    for (const type of [3, 4]) {
      const decoded = decodeTransaction(Uint8Array.of(type, ...bytes.subarray(1)));
      expect(decoded.ok ? 'decoded' : decoded.error.message).toMatch(/blob|set-code/);
    }
  });
});

describe('accounts', () => {
  it('EXE-24: an empty account that is touched goes away, one that is not stays', async () => {
    const other = 'cd'.repeat(20) as AddressHex;
    const empty = { balance: 0n, nonce: 0n, code: NOTHING, storage: [] };
    const chain = new TestChain({
      accounts: [
        { address: STRANGER, ...empty },
        { address: other, ...empty },
      ],
    });
    await chain.block([chain.sign(0, { to: STRANGER })]);
    expect(chain.account(STRANGER)).toBeUndefined();
    expect(chain.account(other)).toBeDefined();
  });

  it('EXE-13: a transfer to oneself costs the fee alone', async () => {
    const chain = new TestChain();
    const { receipts } = await chain.block([chain.sign(0, { to: chain.wallet(0).address, value: 1000n * ETHER })]);
    expect(receipts[0]?.status).toBe(1);
    expect(chain.balance(chain.wallet(0).address)).toBe(1000n * ETHER);
  });

  it('EXE-13, EXE-15: a creation has its address in the receipt, a failed one too, and no output when it succeeds', async () => {
    const chain = new TestChain();
    // PUSH1 1, PUSH1 0, RETURN: code of one zero byte. INVALID: none.
    const good = chain.sign(0, { data: Uint8Array.of(0x60, 1, 0x60, 0, 0xf3) });
    const bad = chain.sign(0, { data: Uint8Array.of(0xfe), gasLimit: 100_000n });
    const { receipts } = await chain.block([good, bad]);
    const sender = chain.wallet(0).address;
    expect(receipts[0]).toMatchObject({ status: 1, contractAddress: createdAddress(sender, 0n), output: NOTHING });
    expect(receipts[1]).toMatchObject({ status: 0, contractAddress: createdAddress(sender, 1n), gasUsed: 100_000n });
    expect(chain.account(createdAddress(sender, 0n))).toMatchObject({ nonce: 1n });
    expect(chain.account(createdAddress(sender, 1n))).toBeUndefined();
  });
});

describe('properties', () => {
  const accounts = Array.from({ length: 5 }, (_, index) => new Wallet(index));
  const transfer = fc.record({
    from: fc.nat(4),
    to: fc.oneof(fc.nat(4), fc.constant(5), fc.constant(6), fc.constant(7)),
    value: fc.oneof(fc.bigInt({ min: 0n, max: 10n }), fc.bigInt({ min: 0n, max: 2000n * ETHER })),
    gasLimit: fc.bigInt({ min: 20_000n, max: 60_000n }),
    price: fc.bigInt({ min: 0n, max: 5n * PRICE }),
    skip: fc.boolean(),
    dataSize: fc.nat(40),
  });
  // A wallet, the zero address, an identity precompile, the fee recipient.
  const others = ['00'.repeat(20), '04'.padStart(40, '0'), FEES] as AddressHex[];

  it('EXE-17: no sequence of transfers makes or loses money, and every one has one outcome', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(transfer, { maxLength: 12 }), async (transfers) => {
        const chain = new TestChain({ walletCount: 5, parameters: { minimumGasPrice: PRICE, feeRecipient: FEES } });
        const nonces = accounts.map(() => 0n);
        const list = transfers.map(({ from, to, value, gasLimit, price, skip, dataSize }) => {
          const nonce = (nonces[from] as bigint) + (skip ? 1n : 0n);
          if (!skip && gasLimit >= 21_000n + 40n * BigInt(dataSize) && price >= PRICE) nonces[from] = nonce + 1n;
          return (accounts[from] as Wallet).sign({
            nonce,
            to: to < 5 ? (accounts[to] as Wallet).address : (others[to - 5] as AddressHex),
            value,
            gasLimit,
            maxFeePerGas: price,
            maxPriorityFeePerGas: price / 2n,
            data: new Uint8Array(dataSize).fill(1),
          });
        });
        const { receipts, body, header } = await chain.block(list);
        let total = 0n;
        for (const address of [...accounts.map((account) => account.address), ...others])
          total += chain.balance(address);
        expect(total).toBe(5n * 1000n * ETHER);
        expect(receipts.length + body.leftOut.length).toBe(list.length);
        expect(receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0n)).toBe(header.gasUsed);
        const paid = receipts.reduce((sum, { gasUsed, effectiveGasPrice }) => sum + gasUsed * effectiveGasPrice, 0n);
        const sent = list
          .filter((transaction) => transaction.to === FEES)
          .reduce(
            (sum, { hash, value }) =>
              sum + (receipts.some((r) => r.transactionHash === hash && r.status === 1) ? value : 0n),
            0n,
          );
        expect(chain.balance(FEES)).toBe(paid + sent);
      }),
      { numRuns: 40 },
    );
  });
});
