/** The tables of docs/spec/formats.md, written once more by hand, and what decoders refuse. */
import { merkleRoot, standardSuite as suite } from '@hansa/crypto';
import type { AddressHex, HashHex, Height, NodeId, Result, Term, ValidatorIndex, View } from '@hansa/primitives';
import * as protocol from '@hansa/protocol';
import { describe, expect, it } from 'vitest';

const hash = (digit: string): HashHex => digit.repeat(64) as HashHex;
const node = (digit: string): NodeId => digit.repeat(128) as NodeId;
const address = 'ab'.repeat(20) as AddressHex;
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const n = (value: number | bigint, size: number): string => value.toString(16).padStart(2 * size, '0');
const id = (text: string): string => n(text.length, 4) + Buffer.from(text).toString('hex');
const codeOf = (result: Result<unknown, protocol.ProtocolFailure>): string | undefined =>
  result.ok ? undefined : result.error.code.replace('PROTOCOL_', '');

const proposal: protocol.Proposal = {
  chainId: 20200,
  groupId: 'group0',
  term: 2 as Term,
  height: 513 as Height,
  view: 1 as View,
  parentDigest: hash('1'),
  timestamp: 1_764_000_000_123,
  proposer: 3 as ValidatorIndex,
  transactionHashes: [hash('2'), hash('3')],
};
const header: protocol.BlockHeader = {
  version: 1,
  chainId: 20200,
  groupId: 'g',
  height: 5 as Height,
  term: 1 as Term,
  view: 0 as View,
  proposer: node('4'),
  parentHash: hash('1'),
  timestamp: Number.MAX_SAFE_INTEGER,
  proposalDigest: hash('2'),
  txRoot: hash('3'),
  receiptRoot: hash('4'),
  stateRoot: hash('5'),
  gasUsed: 21_000n,
  gasLimit: (1n << 64n) - 1n,
  validatorsHash: hash('6'),
  nextValidatorsHash: hash('7'),
  registryRoot: hash('8'),
  extensions: [{ size: 9n, root: hash('9') }],
};
const receipt: protocol.Receipt = {
  transactionHash: hash('1'),
  index: 7,
  status: 1,
  gasUsed: 1n,
  cumulativeGasUsed: 2n,
  effectiveGasPrice: (1n << 256n) - 1n,
  contractAddress: address,
  output: Uint8Array.of(1, 2),
  logs: [{ address, topics: [hash('2')], data: Uint8Array.of(3) }],
};

describe('FMT-1: fixed widths, big-endian, a length before bytes and a count before items', () => {
  it('FMT-30 proposal', () => {
    const expected = [
      n(20200, 8),
      id('group0'),
      n(2, 8),
      n(513, 8),
      n(1, 8),
      hash('1'),
      n(1_764_000_000_123, 8),
      n(3, 4),
      n(2, 4),
      hash('2'),
      hash('3'),
    ];
    expect(hexOf(protocol.encodeProposal(proposal))).toBe(expected.join(''));
  });

  it('FMT-31 header', () => {
    const expected = [
      n(1, 4),
      n(20200, 8),
      id('g'),
      n(5, 8),
      n(1, 8),
      n(0, 8),
      node('4'),
      hash('1'),
      n(Number.MAX_SAFE_INTEGER, 8),
      hash('2'),
      hash('3'),
      hash('4'),
      hash('5'),
      n(21_000, 8),
      'f'.repeat(16),
      hash('6'),
      hash('7'),
      hash('8'),
      n(1, 4),
      n(9, 8),
      hash('9'),
    ];
    expect(hexOf(protocol.encodeHeader(header))).toBe(expected.join(''));
  });

  it('FMT-32 body', () => {
    const body: protocol.BlockBody = {
      transactions: [Uint8Array.of(1, 2)],
      leftOut: [{ position: 1, hash: hash('1'), reason: 'init code too large' }],
    };
    expect(hexOf(protocol.encodeBody(body))).toBe(
      [n(1, 4), n(2, 4), '0102', n(1, 4), n(1, 4), hash('1'), n(11, 1)].join(''),
    );
  });

  it('FMT-33 receipt, with and without a contract', () => {
    const tail = [n(2, 4), '0102', n(1, 4), address, n(1, 4), hash('2'), n(1, 4), '03'].join('');
    const front = [hash('1'), n(7, 4), '01', n(1, 8), n(2, 8), 'f'.repeat(64)].join('');
    expect(hexOf(protocol.encodeReceipt(receipt))).toBe(`${front}${n(1, 4)}${address}${tail}`);
    expect(hexOf(protocol.encodeReceipt({ ...receipt, contractAddress: undefined }))).toBe(`${front}${n(0, 4)}${tail}`);
  });

  it('FMT-40 validator set and FMT-42 certificate', () => {
    const set = [{ nodeId: node('1'), weight: 5, organisationId: 'bank' }];
    expect(hexOf(protocol.encodeValidatorSet(set))).toBe([n(1, 4), node('1'), n(5, 4), id('bank')].join(''));
    const certificate = {
      height: 9 as Height,
      blockHash: hash('1'),
      signatures: [{ index: 2 as ValidatorIndex, signature: new Uint8Array(64).fill(0x55) }],
    };
    expect(hexOf(protocol.encodeCertificate(certificate))).toBe(
      [n(9, 8), hash('1'), n(1, 4), n(2, 4), '55'.repeat(64)].join(''),
    );
  });

  it('FMT-45 chain parameters', () => {
    const expected = [
      n(1000, 4),
      n(256, 4),
      n(16_777_216, 8),
      n(0, 32),
      n(30_000_000, 8),
      n(1_048_576, 4),
      n(8, 4),
      n(1000, 4),
      n(4000, 4),
      n(3000, 4),
      '00'.repeat(20),
      n(4, 4),
    ];
    expect(hexOf(protocol.encodeParameters(protocol.DEFAULT_CHAIN_PARAMETERS))).toBe(expected.join(''));
  });

  it('FMT-80 genesis', () => {
    const [admin, account] = ['a1', 'b2'].map((digits) => digits.repeat(20)) as [AddressHex, AddressHex];
    const nodeId = suite.nodeIdOf(new Uint8Array(32).fill(1));
    const genesis: protocol.Genesis = {
      formatVersion: 2,
      chainId: 20200,
      groupId: 'group0',
      suite: 'standard',
      stateTree: 'radix-v1',
      evmFork: 'prague',
      timestamp: 7,
      parameters: protocol.DEFAULT_CHAIN_PARAMETERS,
      committee: { participationRate: 66, winRate: 51 },
      organisations: [{ id: 'bank', name: 'é', contact: '', admins: [admin], threshold: 1, governorWeight: 3 }],
      nodes: [{ nodeId, organisationId: 'bank', role: 'validator', weight: 5, addresses: ['/ip4/1.2.3.4/tcp/1'] }],
      accounts: [
        {
          address: account,
          balance: 6n,
          nonce: 1n,
          code: Uint8Array.of(0x60),
          storage: [{ slot: hash('1'), value: hash('2') }],
        },
      ],
    };
    const expected = [
      n(2, 4),
      n(20200, 8),
      id('group0'),
      id('standard'),
      id('radix-v1'),
      id('prague'),
      n(7, 8),
      hexOf(protocol.encodeParameters(protocol.DEFAULT_CHAIN_PARAMETERS)),
      n(66, 1),
      n(51, 1),
      [n(1, 4), id('bank'), n(2, 4), 'c3a9', n(0, 4), n(1, 4), admin, n(1, 4), n(3, 4)].join(''),
      [n(1, 4), nodeId, id('bank'), '01', n(5, 4), n(1, 4), id('/ip4/1.2.3.4/tcp/1')].join(''),
      [n(1, 4), account, n(6, 32), n(1, 8), n(1, 4), '60', n(1, 4), hash('1'), hash('2')].join(''),
    ];
    expect(hexOf(protocol.encodeGenesis(genesis))).toBe(expected.join(''));
    expect(protocol.decodeGenesis(protocol.encodeGenesis(genesis))).toEqual({ ok: true, value: genesis });
  });

  it('FMT-50 account', () => {
    const bytes = protocol.encodeAccount({ nonce: 1n, balance: 2n, codeHash: protocol.EMPTY_CODE_HASH });
    expect(hexOf(bytes)).toBe([n(1, 8), n(2, 32), protocol.EMPTY_CODE_HASH].join(''));
    expect(bytes.length).toBe(72);
  });
});

it('FMT-34: the two trees of a block have tags of their own', () => {
  const leaves = [hash('1'), hash('2'), hash('3')];
  expect(protocol.txRoot(suite, leaves)).toBe(merkleRoot(suite, 'hansa/tx-tree/v1', leaves));
  expect(protocol.receiptRoot(suite, leaves)).toBe(merkleRoot(suite, 'hansa/receipt-tree/v1', leaves));
});

it('FMT-32: executed and left out give the list of the proposal back', () => {
  const [a, b, c, d] = ['1', '2', '3', '4'].map(hash) as [HashHex, HashHex, HashHex, HashHex];
  const out = (position: number, of: HashHex): protocol.LeftOut => ({ position, hash: of, reason: 'expired' });
  const cases: readonly (readonly [
    executed: HashHex[],
    leftOut: protocol.LeftOut[],
    expected: HashHex[] | undefined,
  ])[] = [
    [[], [], []],
    [[a, b], [], [a, b]],
    [[], [out(0, a), out(1, b)], [a, b]],
    [
      [b, d],
      [out(0, a), out(2, c)],
      [a, b, c, d],
    ],
    [[a, b, c], [out(3, d)], [a, b, c, d]],
    [[a], [out(2, b)], undefined],
    [[a, b], [out(1, c), out(1, d)], undefined],
    [[a, b], [out(2, c), out(0, d)], undefined],
  ];
  for (const [executed, leftOut, expected] of cases)
    expect(protocol.proposalTransactionHashes(executed, leftOut)).toEqual(expected);
});

describe('FMT-2: refused by the decoders', () => {
  const set = (
    entries: readonly { readonly nodeId: NodeId; readonly weight: number; readonly organisationId: string }[],
  ) => codeOf(protocol.decodeValidatorSet(protocol.encodeValidatorSet(entries)));
  const validator = (digit: string, change: object = {}) => ({
    nodeId: node(digit),
    weight: 1,
    organisationId: 'bank',
    ...change,
  });
  const body = (...leftOut: readonly number[]) =>
    codeOf(
      protocol.decodeBody(
        protocol.encodeBody({
          transactions: [Uint8Array.of(1)],
          leftOut: leftOut.map((position) => ({ position, hash: hash('1'), reason: 'expired' })),
        }),
      ),
    );

  it('a header of another version, before anything else of it', () => {
    expect(codeOf(protocol.decodeHeader(protocol.encodeHeader({ ...header, version: 2 })))).toBe('UNKNOWN_VERSION');
  });

  it('FMT-3: identifiers with other characters, empty ones and long ones', () => {
    const group = (groupId: string) =>
      codeOf(protocol.decodeProposal(protocol.encodeProposal({ ...proposal, groupId })));
    expect(group('A-z_0.9')).toBeUndefined();
    expect(group('x'.repeat(32))).toBeUndefined();
    expect([group(''), group('a b'), group('a/b'), group('x'.repeat(33))]).toEqual([
      'OUT_OF_RANGE',
      'OUT_OF_RANGE',
      'OUT_OF_RANGE',
      'LIMIT_EXCEEDED',
    ]);
  });

  it('validators out of order, twice, without weight, with too much, and too many', () => {
    expect(set([validator('1'), validator('2')])).toBeUndefined();
    expect(set([validator('2'), validator('1')])).toBe('NOT_CANONICAL');
    expect(set([validator('1'), validator('1')])).toBe('NOT_CANONICAL');
    expect(set([validator('1', { weight: 0 })])).toBe('OUT_OF_RANGE');
    expect(set([validator('1', { weight: 1_000_001 })])).toBe('OUT_OF_RANGE');
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ...validator('1'), nodeId: n(i + 1, 64) as NodeId }));
    expect([set(many(128)), set(many(129))]).toEqual([undefined, 'LIMIT_EXCEEDED']);
  });

  it('left-out positions that do not ascend, or lie behind the end', () => {
    expect([body(0, 2), body(1, 2)]).toEqual([undefined, undefined]);
    expect([body(1, 0), body(1, 1), body(0, 3)]).toEqual(['NOT_CANONICAL', 'NOT_CANONICAL', 'OUT_OF_RANGE']);
  });

  it('a reason that nobody knows', () => {
    const bytes = protocol.encodeBody({
      transactions: [],
      leftOut: [{ position: 0, hash: hash('1'), reason: 'expired' }],
    });
    bytes[bytes.length - 1] = protocol.LEFT_OUT_REASONS.length;
    expect(codeOf(protocol.decodeBody(bytes))).toBe('UNKNOWN_KIND');
  });

  it('transactions and proposals above their limits', () => {
    const tx = (size: number) =>
      codeOf(protocol.decodeBody(protocol.encodeBody({ transactions: [new Uint8Array(size)], leftOut: [] })));
    expect([tx(protocol.TX_SIZE_MAX), tx(protocol.TX_SIZE_MAX + 1)]).toEqual([undefined, 'LIMIT_EXCEEDED']);
    const full = Array<Uint8Array>(protocol.BLOCK_TX_SIZE_MAX / protocol.TX_SIZE_MAX).fill(
      new Uint8Array(protocol.TX_SIZE_MAX),
    );
    const block = (transactions: readonly Uint8Array[]) =>
      codeOf(protocol.decodeBody(protocol.encodeBody({ transactions, leftOut: [] })));
    expect([block(full), block([...full, Uint8Array.of(1)])]).toEqual([undefined, 'LIMIT_EXCEEDED']);
    const hashes = (count: number) =>
      codeOf(
        protocol.decodeProposal(
          protocol.encodeProposal({ ...proposal, transactionHashes: Array<HashHex>(count).fill(hash('1')) }),
        ),
      );
    expect([hashes(protocol.PROPOSAL_TX_COUNT_MAX), hashes(protocol.PROPOSAL_TX_COUNT_MAX + 1)]).toEqual([
      undefined,
      'LIMIT_EXCEEDED',
    ]);
  });

  it('a fifth topic, a status of 2, a boolean of 2', () => {
    const logs = [{ address, topics: Array<HashHex>(5).fill(hash('1')), data: new Uint8Array(0) }];
    expect(codeOf(protocol.decodeReceipt(protocol.encodeReceipt({ ...receipt, logs })))).toBe('LIMIT_EXCEEDED');
    const bytes = protocol.encodeReceipt(receipt);
    bytes[36] = 2;
    expect(codeOf(protocol.decodeReceipt(bytes))).toBe('NOT_CANONICAL');
  });

  it('a count of four billion, without making room for it', () => {
    const bytes = protocol.encodeProposal({ ...proposal, transactionHashes: [] });
    bytes.fill(0xff, bytes.length - 4);
    expect(codeOf(protocol.decodeProposal(bytes))).toBe('LIMIT_EXCEEDED');
  });

  it('numbers above 2^53 - 1', () => {
    const bytes = protocol.encodeProposal(proposal);
    bytes[1] = 0x20;
    expect(codeOf(protocol.decodeProposal(bytes))).toBe('OUT_OF_RANGE');
    bytes[1] = 0x1f;
    expect(codeOf(protocol.decodeProposal(bytes))).toBeUndefined();
  });

  it('FMT-51: an order of primaries that is none, and a term that ends where it begins', () => {
    const info: protocol.TermInfo = {
      term: 1 as Term,
      baseHeight: 5 as Height,
      baseHash: hash('1'),
      baseProposalDigest: hash('2'),
      baseTimestamp: 1,
      validators: [validator('1'), validator('2')],
      primaryOrder: [1, 0].map((i) => i as ValidatorIndex),
      endHeight: 6 as Height,
      endScheduled: false,
      parameters: protocol.DEFAULT_CHAIN_PARAMETERS,
    };
    const code = (change: Partial<protocol.TermInfo>) =>
      codeOf(protocol.decodeTermInfo(protocol.encodeTermInfo({ ...info, ...change })));
    expect(code({})).toBeUndefined();
    for (const order of [[], [0], [0, 0], [0, 2], [0, 1, 1]])
      expect(code({ primaryOrder: order as ValidatorIndex[] })).toBe('OUT_OF_RANGE');
    expect(code({ endHeight: 5 as Height })).toBe('OUT_OF_RANGE');
  });

  it('FMT-60: a kind of message that nobody knows, and no bytes at all', () => {
    expect(codeOf(protocol.decodePbftMessage(suite, Uint8Array.of(10)))).toBe('UNKNOWN_KIND');
    expect(codeOf(protocol.decodePbftMessage(suite, new Uint8Array(0)))).toBe('TRUNCATED');
  });
});

describe('limits hold what the formats allow', () => {
  const indices = Array.from({ length: protocol.VALIDATOR_COUNT_MAX }, (_, i) => i as ValidatorIndex);
  const signature = new Uint8Array(64);
  const signatures = indices.map((index) => ({ index, signature }));
  const vote = { view: 1 as View, height: 1 as Height, digest: hash('1') };
  const certificate = { term: 1 as Term, ...vote, signatures };

  it('the largest header, proposal and certificates', () => {
    const extensions = Array(protocol.HEADER_EXTENSION_COUNT_MAX).fill({ size: 1n, root: hash('1') });
    const groupId = 'x'.repeat(32);
    expect(protocol.encodeHeader({ ...header, groupId, extensions }).length).toBeLessThanOrEqual(
      protocol.HEADER_SIZE_MAX,
    );
    const transactionHashes = Array<HashHex>(protocol.PROPOSAL_TX_COUNT_MAX).fill(hash('1'));
    expect(protocol.encodeProposal({ ...proposal, groupId, transactionHashes }).length).toBeLessThanOrEqual(
      protocol.PROPOSAL_SIZE_MAX,
    );
    expect(protocol.encodeVoteCertificate(certificate).length).toBeLessThanOrEqual(protocol.CERTIFICATE_SIZE_MAX);
    expect(
      protocol.encodeCertificate({ height: 1 as Height, blockHash: hash('1'), signatures }).length,
    ).toBeLessThanOrEqual(protocol.CERTIFICATE_SIZE_MAX);
  });

  it('the largest NEW-VIEW fits a message, and it decodes', () => {
    const claims = indices.map((sender) => ({ term: 1 as Term, sender, view: 2 as View, claim: vote, signature }));
    const message: protocol.PbftMessage = {
      type: 'new-view',
      term: 1 as Term,
      sender: 0 as ValidatorIndex,
      view: 2 as View,
      claims,
      certificate,
      signature,
    };
    const bytes = protocol.encodePbftMessage(message);
    expect(bytes.length).toBeLessThanOrEqual(protocol.PBFT_MESSAGE_SIZE_MAX);
    expect(codeOf(protocol.decodePbftMessage(suite, bytes))).toBeUndefined();
    expect(
      codeOf(
        protocol.decodeConsensusFrame(
          protocol.encodeConsensusFrame({ ...protocol.EMPTY_CONSENSUS_FRAME, messages: [bytes] }),
        ),
      ),
    ).toBeUndefined();
  });
});
