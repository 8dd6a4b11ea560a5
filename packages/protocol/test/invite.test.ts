import { standardSuite as suite } from '@hansa/crypto';
import type { HashHex, NodeId } from '@hansa/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../src/base64url.ts';
import {
  decodeInvite,
  decodeJoinRequest,
  encodeInvite,
  encodeJoinRequest,
  INVITE_ENTRY_COUNT_MAX,
  INVITE_SIZE_MAX,
  type Invite,
  inviteId,
  joinDigest,
  parseInvite,
  renderInvite,
  splitAccountSignatures,
  Writer,
} from '../src/index.ts';

const keyOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const nodeIdOf = (n: number): NodeId => suite.nodeIdOf(keyOf(n));
const entry = (n: number): Invite['entries'][number] => ({
  nodeId: nodeIdOf(n),
  address: `/ip4/10.0.0.${n}/tcp/30300`,
});
const invite: Invite = {
  chainId: 20_200,
  groupId: 'group0',
  genesisHash: 'ab'.repeat(32) as HashHex,
  organisationId: 'BankG',
  inviterId: 'BankA',
  ticket: nodeIdOf(9),
  expiresAt: 1_800_000_000,
  entries: [entry(1), entry(2)],
};
const content = encodeInvite(invite);
const signatures = new Uint8Array(65).fill(1);
const card = { content, signatures, secret: keyOf(9) };
const codeOf = (result: { ok: boolean; error?: { code: string } }): string | undefined => result.error?.code;

describe('base64url', () => {
  it('bytes come back, and every other text is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const text = toBase64Url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64Url(text)).toEqual(bytes);
      }),
    );
    for (const wrong of ['+', 'A', 'AAAAA', 'AB', 'A=', 'äA'])
      expect([wrong, fromBase64Url(wrong)]).toEqual([wrong, undefined]);
  });
});

describe('JOIN-1: an invite', () => {
  it('JOIN-1: comes back from its bytes, and its id covers all of them', () => {
    expect(decodeInvite(content)).toEqual({ ok: true, value: invite });
    const other = encodeInvite({ ...invite, organisationId: 'BankH' });
    expect(inviteId(suite, content)).not.toBe(inviteId(suite, other));
  });

  it('JOIN-1: what is none is refused', () => {
    const changed = (over: Partial<Invite>): string | undefined =>
      codeOf(decodeInvite(encodeInvite({ ...invite, ...over })));
    expect(changed({ entries: [] })).toBe('PROTOCOL_OUT_OF_RANGE');
    expect(changed({ entries: Array.from({ length: INVITE_ENTRY_COUNT_MAX + 1 }, (_, n) => entry(n + 1)) })).toBe(
      'PROTOCOL_LIMIT_EXCEEDED',
    );
    expect(changed({ entries: [{ ...entry(1), address: 'example.com:30300' }] })).toBe('PROTOCOL_OUT_OF_RANGE');
    expect(changed({ groupId: 'a group' })).toBe('PROTOCOL_OUT_OF_RANGE');
    expect(codeOf(decodeInvite(Uint8Array.of(2, ...content.subarray(1))))).toBe('PROTOCOL_UNKNOWN_VERSION');
    expect(codeOf(decodeInvite(content.subarray(0, -1)))).toBe('PROTOCOL_TRUNCATED');
    expect(codeOf(decodeInvite(new Uint8Array(INVITE_SIZE_MAX + 1)))).toBe('PROTOCOL_LIMIT_EXCEEDED');
    const notText = new Uint8Array(content);
    notText[content.length - 1] = 0xff;
    expect(codeOf(decodeInvite(notText))).toBe('PROTOCOL_OUT_OF_RANGE');
  });
});

describe('JOIN-3: the line of text', () => {
  const text = renderInvite(suite, card);

  it('JOIN-3: comes back, also from a mail that has broken it into lines', () => {
    expect(text).toMatch(/^hansa-invite-[A-Za-z0-9_-]+$/);
    expect(parseInvite(suite, text)).toEqual({ ok: true, value: card });
    expect(parseInvite(suite, ` ${text.slice(0, 70)}\n  ${text.slice(70)}\r\n`)).toEqual({ ok: true, value: card });
  });

  it('JOIN-3: what was cut, altered or is something else is refused', () => {
    expect(codeOf(parseInvite(suite, 'enode://abc'))).toBe('PROTOCOL_UNKNOWN_KIND');
    expect(codeOf(parseInvite(suite, `${text}!`))).toBe('PROTOCOL_NOT_CANONICAL');
    expect(codeOf(parseInvite(suite, text.slice(0, -8)))).toBe('PROTOCOL_OUT_OF_RANGE');
    expect(codeOf(parseInvite(suite, 'hansa-invite-'))).toBe('PROTOCOL_OUT_OF_RANGE');
    const at = text.length - 40;
    const letter = text[at] === 'A' ? 'B' : 'A';
    expect(codeOf(parseInvite(suite, text.slice(0, at) + letter + text.slice(at + 1)))).toBe('PROTOCOL_OUT_OF_RANGE');
  });

  it('JOIN-2, JOIN-3: it has 1 to 32 signatures', () => {
    const withCount = (count: number): string =>
      renderInvite(suite, { ...card, signatures: new Uint8Array(65 * count) });
    expect(parseInvite(suite, withCount(32)).ok).toBe(true);
    expect(codeOf(parseInvite(suite, withCount(0)))).toBe('PROTOCOL_OUT_OF_RANGE');
    expect(codeOf(parseInvite(suite, withCount(33)))).toBe('PROTOCOL_OUT_OF_RANGE');
  });
});

describe('JOIN-2: signatures', () => {
  it('JOIN-2: are 65 bytes each, with recovery 0 or 1', () => {
    const two = new Uint8Array(130);
    two[64] = 1;
    expect(splitAccountSignatures(two)?.map(({ recovery, signature }) => [recovery, signature.length])).toEqual([
      [1, 64],
      [0, 64],
    ]);
    two[129] = 2;
    expect(splitAccountSignatures(two)).toBeUndefined();
    for (const size of [0, 64, 66, 33 * 65]) expect(splitAccountSignatures(new Uint8Array(size))).toBeUndefined();
  });
});

describe('JOIN-11, JOIN-21: the request', () => {
  const request = {
    content,
    signatures,
    addresses: ['/dns4/node.bankg.example/tcp/30300'],
    ticketSignature: new Uint8Array(64).fill(2),
    nodeSignature: new Uint8Array(64).fill(3),
  };

  it('JOIN-21: comes back from its bytes; longer parts and other addresses are refused', () => {
    const bytes = encodeJoinRequest(request);
    expect(decodeJoinRequest(bytes)).toEqual({ ok: true, value: request });
    expect(codeOf(decodeJoinRequest(encodeJoinRequest({ ...request, nodeSignature: new Uint8Array(65) })))).toBe(
      'PROTOCOL_LIMIT_EXCEEDED',
    );
    expect(codeOf(decodeJoinRequest(encodeJoinRequest({ ...request, addresses: ['here'] })))).toBe(
      'PROTOCOL_OUT_OF_RANGE',
    );
    expect(codeOf(decodeJoinRequest(new Writer().u32(0).finish()))).toBe('PROTOCOL_TRUNCATED');
  });

  it('JOIN-11: what is signed names chain, invite, node and addresses', () => {
    const join = {
      genesisHash: invite.genesisHash,
      inviteId: inviteId(suite, content),
      nodeId: nodeIdOf(5),
      addresses: ['a'],
    };
    const digests = [
      join,
      { ...join, genesisHash: 'cd'.repeat(32) as HashHex },
      { ...join, inviteId: 'cd'.repeat(32) as HashHex },
      { ...join, nodeId: nodeIdOf(6) },
      { ...join, addresses: ['b'] },
    ].map((each) => joinDigest(suite, each));
    expect(new Set(digests).size).toBe(5);
  });
});
