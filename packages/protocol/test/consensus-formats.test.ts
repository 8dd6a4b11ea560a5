/** Section 6 of docs/spec/formats.md, written once more by hand. */
import { standardSuite as suite } from '@hansa/crypto';
import type { HashHex, Height, Term, ValidatorIndex, View } from '@hansa/primitives';
import * as protocol from '@hansa/protocol';
import { describe, expect, it } from 'vitest';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const n64 = (value: number): string => value.toString(16).padStart(16, '0');
const u32 = (value: number): string => value.toString(16).padStart(8, '0');
const hash = (digit: string): HashHex => digit.repeat(64) as HashHex;
const signature = new Uint8Array(64).fill(0x55);
const SIGNED = '55'.repeat(64);
const [view, height] = [4 as View, 9 as Height];
const head = { term: 3 as Term, sender: 2 as ValidatorIndex, signature };
const HEAD = n64(3) + u32(2);

const certificate: protocol.VoteCertificate = {
  term: 3 as Term,
  view: 1 as View,
  height,
  digest: hash('d'),
  signatures: [
    { index: 0 as ValidatorIndex, signature },
    { index: 2 as ValidatorIndex, signature },
  ],
};
const CERTIFICATE = [n64(3), n64(1), n64(9), hash('d'), u32(2), u32(0), SIGNED, u32(2), SIGNED].join('');
const claim = { view: 1 as View, height, digest: hash('d') };
const CLAIM = n64(1) + n64(9) + hash('d');
const proposal: protocol.Proposal = {
  chainId: 1,
  groupId: 'g',
  term: 3 as Term,
  height,
  view,
  parentDigest: hash('a'),
  timestamp: 5,
  proposer: 2 as ValidatorIndex,
  transactionHashes: [],
};

const TABLE: readonly { readonly name: string; readonly message: protocol.PbftMessage; readonly bytes: string }[] = [
  {
    name: 'FMT-63: 0 proposal',
    message: { type: 'proposal', ...head, view, proposal, digest: protocol.proposalDigest(suite, proposal) },
    bytes: `00${HEAD}${n64(4)}${hexOf(protocol.encodeProposal(proposal))}${SIGNED}`,
  },
  {
    name: 'FMT-64: 1 prepare',
    message: { type: 'prepare', ...head, view, height, digest: hash('d') },
    bytes: `01${HEAD}${n64(4)}${n64(9)}${hash('d')}${SIGNED}`,
  },
  {
    name: 'FMT-64: 2 commit',
    message: { type: 'commit', ...head, view, height, digest: hash('d') },
    bytes: `02${HEAD}${n64(4)}${n64(9)}${hash('d')}${SIGNED}`,
  },
  {
    name: 'FMT-43: 3 result',
    message: { type: 'result', ...head, height, blockHash: hash('b') },
    bytes: `03${HEAD}${n64(9)}${hash('b')}${SIGNED}`,
  },
  {
    name: 'FMT-65: 4 suspect',
    message: { type: 'suspect', ...head, view, decidedHeight: 8 as Height },
    bytes: `04${HEAD}${n64(4)}${n64(8)}${SIGNED}`,
  },
  {
    name: 'FMT-66: 5 view-change without a claim',
    message: { type: 'view-change', ...head, view, claim: undefined, certificate: undefined },
    bytes: `05${HEAD}${n64(4)}${u32(0)}${SIGNED}${u32(0)}`,
  },
  {
    name: 'FMT-66: 5 view-change with a claim, and its certificate behind the signature',
    message: { type: 'view-change', ...head, view, claim, certificate },
    bytes: `05${HEAD}${n64(4)}${u32(1)}${CLAIM}${SIGNED}${u32(1)}${CERTIFICATE}`,
  },
  {
    name: 'FMT-67: 6 new-view',
    message: {
      type: 'new-view',
      ...head,
      view,
      claims: [
        { ...head, sender: 0 as ValidatorIndex, view, claim: undefined },
        { ...head, view, claim },
      ],
      certificate,
    },
    bytes: [
      `06${HEAD}${n64(4)}${u32(2)}`,
      `${n64(3)}${u32(0)}${n64(4)}${u32(0)}${SIGNED}`,
      `${n64(3)}${u32(2)}${n64(4)}${u32(1)}${CLAIM}${SIGNED}`,
      `${SIGNED}${u32(1)}${CERTIFICATE}`,
    ].join(''),
  },
  {
    name: 'FMT-68: 7 status',
    message: {
      type: 'status',
      ...head,
      view,
      changing: true,
      stableHeight: 6 as Height,
      decidedHeight: 7 as Height,
      preparedHeight: 8 as Height,
      incarnation: 5,
      instance: 'ee'.repeat(16),
    },
    bytes: `07${HEAD}${n64(4)}01${n64(6)}${n64(7)}${n64(8)}${n64(5)}${'ee'.repeat(16)}${SIGNED}`,
  },
  {
    name: 'FMT-69: 8 prepared-certificate',
    message: { type: 'prepared-certificate', certificate },
    bytes: `08${CERTIFICATE}`,
  },
  {
    name: 'FMT-69: 9 commit-certificate',
    message: { type: 'commit-certificate', certificate },
    bytes: `09${CERTIFICATE}`,
  },
];

describe('FMT-60: messages by their kind', () => {
  it.each(TABLE)('$name', ({ message, bytes }) => {
    expect(hexOf(protocol.encodePbftMessage(message))).toBe(bytes);
    expect(protocol.decodePbftMessage(suite, Uint8Array.from(Buffer.from(bytes, 'hex')))).toEqual({
      ok: true,
      value: message,
    });
  });

  it('a kind that is none is refused', () => {
    const decoded = protocol.decodePbftMessage(suite, Uint8Array.from(Buffer.from(`0a${CERTIFICATE}`, 'hex')));
    expect(decoded.ok).toBe(false);
  });
});

const refused = (bytes: string): string | undefined => {
  const decoded = protocol.decodePbftMessage(suite, Uint8Array.from(Buffer.from(bytes, 'hex')));
  return decoded.ok ? undefined : decoded.error.code;
};

it('FMT-62: a vote certificate is term, view, height, digest and signatures that ascend by signer', () => {
  expect(hexOf(protocol.encodeVoteCertificate(certificate))).toBe(CERTIFICATE);
  for (const signers of [
    [2, 0],
    [1, 1],
  ]) {
    const list = signers.map((index) => u32(index) + SIGNED).join('');
    expect(refused(`08${n64(3)}${n64(1)}${n64(9)}${hash('d')}${u32(2)}${list}`)).toBe('PROTOCOL_NOT_CANONICAL');
  }
});

it('FMT-67: the claims of a new-view ascend by sender', () => {
  const claimOf = (sender: number): string => `${n64(3)}${u32(sender)}${n64(4)}${u32(0)}${SIGNED}`;
  for (const senders of [
    [2, 0],
    [1, 1],
  ])
    expect(refused(`06${HEAD}${n64(4)}${u32(2)}${senders.map(claimOf).join('')}${SIGNED}${u32(0)}`)).toBe(
      'PROTOCOL_NOT_CANONICAL',
    );
});

it('FMT-68: a status says 0 or 1 for changing, nothing else', () => {
  const tail = `${n64(6)}${n64(7)}${n64(8)}${n64(5)}${'ee'.repeat(16)}${SIGNED}`;
  expect(refused(`07${HEAD}${n64(4)}00${tail}`)).toBeUndefined();
  expect(refused(`07${HEAD}${n64(4)}02${tail}`)).toBeDefined();
});
