/** Invites, and what a newcomer says with one at the door of an entry node (docs/spec/joining.md). */
import type { CryptoSuite } from '@hansa/crypto';
import { concatBytes, fail, fromHex, type HashHex, type NodeId, type Result } from '@hansa/primitives';
import { ACCOUNT_SIGNATURE_SIZE } from './account-signatures.ts';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import type { ProtocolErrorCode, ProtocolFailure } from './errors.ts';
import { isNodeAddress } from './genesis-rules.ts';
import { readIdentifier, writeIdentifier } from './identifier.ts';
import { GENESIS_ADDRESS_COUNT_MAX, GENESIS_ADMIN_COUNT_MAX, MULTIADDR_SIZE_MAX } from './limits.ts';
import { Reader } from './reader.ts';
import { TAGS } from './tags.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';
import { Writer } from './writer.ts';

export const INVITE_ENTRY_COUNT_MAX = 8;
/** Bytes of the content, without signatures and secret. */
export const INVITE_SIZE_MAX = 4_096;
const INVITE_SIGNATURES_SIZE_MAX = ACCOUNT_SIGNATURE_SIZE * GENESIS_ADMIN_COUNT_MAX;
const PREFIX = 'hansa-invite-';
const CHECK_SIZE = 4;
const SECRET_SIZE = 32;

/** A registered node that lets newcomers in, and where it is reached. */
export type EntryNode = { readonly nodeId: NodeId; readonly address: string };

/** One node of one organisation may join, once (spec JOIN-1). */
export type Invite = {
  readonly chainId: number;
  readonly groupId: string;
  readonly genesisHash: HashHex;
  /** Whose node it will be. */
  readonly organisationId: string;
  /** Whose admin accounts have signed. */
  readonly inviterId: string;
  /** Public key whose secret the invited has. */
  readonly ticket: NodeId;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** 1 to 8. */
  readonly entries: readonly EntryNode[];
};

/** What the line of text holds (spec JOIN-3). Whoever has the secret can use it. */
export type InviteCard = {
  readonly content: Uint8Array;
  /** 65 bytes each, one behind the other. */
  readonly signatures: Uint8Array;
  readonly secret: Uint8Array;
};

/** What a newcomer shows, and what goes on chain (spec JOIN-10). */
export type JoinRequest = {
  readonly content: Uint8Array;
  readonly signatures: Uint8Array;
  /** Where others reach the node; may be empty. */
  readonly addresses: readonly string[];
  readonly ticketSignature: Uint8Array;
  readonly nodeSignature: Uint8Array;
};

const INVITE_VERSION = 1;

/** spec JOIN-1. */
export function encodeInvite(invite: Invite): Uint8Array {
  const writer = new Writer().u8(INVITE_VERSION).u64(invite.chainId);
  writeIdentifier(writer, invite.groupId);
  writer.hex(invite.genesisHash, 32);
  writeIdentifier(writer, invite.organisationId);
  writeIdentifier(writer, invite.inviterId);
  return writer
    .hex(invite.ticket, 64)
    .u64(invite.expiresAt)
    .list(invite.entries, (w, { nodeId, address }) => w.hex(nodeId, 64).bytes(encodeUtf8(address)))
    .finish();
}

export function decodeInvite(content: Uint8Array): Result<Invite, ProtocolFailure> {
  const reader = new Reader(content, 'invite');
  if (content.length > INVITE_SIZE_MAX) reader.fail('PROTOCOL_LIMIT_EXCEEDED', `at most ${INVITE_SIZE_MAX} bytes`);
  const version = reader.u8();
  if (version !== INVITE_VERSION) reader.fail('PROTOCOL_UNKNOWN_VERSION', `version ${version} is unknown`);
  const invite = {
    chainId: reader.u64(),
    groupId: readIdentifier(reader),
    genesisHash: reader.hash(),
    organisationId: readIdentifier(reader),
    inviterId: readIdentifier(reader),
    ticket: reader.nodeId(),
    expiresAt: reader.u64(),
    entries: reader.list(INVITE_ENTRY_COUNT_MAX, (r) => ({ nodeId: r.nodeId(), address: readAddress(r) })),
  };
  if (invite.entries.length === 0) reader.fail('PROTOCOL_OUT_OF_RANGE', 'an entry node is missing');
  return reader.finish(invite);
}

function readAddress(reader: Reader): string {
  const address = decodeUtf8(reader.bytes(MULTIADDR_SIZE_MAX)) ?? '';
  if (!isNodeAddress(address))
    reader.fail('PROTOCOL_OUT_OF_RANGE', 'an address like /ip4/10.0.0.1/tcp/30300 is missing');
  return address;
}

/** What admins sign, and by what the chain knows the invite (spec JOIN-1). */
export const inviteId = (suite: CryptoSuite, content: Uint8Array): HashHex => suite.taggedDigest(TAGS.invite, content);

/** What ticket and node sign (spec JOIN-11). */
export function joinDigest(
  suite: CryptoSuite,
  join: {
    readonly genesisHash: HashHex;
    readonly inviteId: HashHex;
    readonly nodeId: NodeId;
    readonly addresses: readonly string[];
  },
): HashHex {
  const writer = new Writer().hex(join.genesisHash, 32).hex(join.inviteId, 32).hex(join.nodeId, 64);
  return suite.taggedDigest(TAGS.join, writer.list(join.addresses, (w, text) => w.bytes(encodeUtf8(text))).finish());
}

/** spec JOIN-3: one line, to be handed over like a password. */
export function renderInvite(suite: CryptoSuite, card: InviteCard): string {
  const body = new Writer()
    .bytes(card.content)
    .u8(card.signatures.length / ACCOUNT_SIGNATURE_SIZE)
    .raw(card.signatures)
    .raw(card.secret)
    .finish();
  return `${PREFIX}${toBase64Url(concatBytes(body, checkOf(suite, body)))}`;
}

/** The parts of the line, or why it is none. White space in it is what mail programs add. */
export function parseInvite(suite: CryptoSuite, text: string): Result<InviteCard, ProtocolFailure> {
  const line = text.replaceAll(/\s/g, '');
  if (!line.startsWith(PREFIX)) return refused('PROTOCOL_UNKNOWN_KIND', `an invite begins with ${PREFIX}`);
  const bytes = fromBase64Url(line.slice(PREFIX.length));
  if (bytes === undefined) return refused('PROTOCOL_NOT_CANONICAL', 'a letter of the invite is wrong');
  const body = bytes.subarray(0, Math.max(0, bytes.length - CHECK_SIZE));
  if (!checkOf(suite, body).every((byte, index) => byte === bytes[body.length + index]))
    return refused('PROTOCOL_OUT_OF_RANGE', 'the invite was not copied whole, or was altered');
  const reader = new Reader(body, 'invite');
  const content = reader.bytes(INVITE_SIZE_MAX);
  const count = reader.u8();
  if (count === 0 || count > GENESIS_ADMIN_COUNT_MAX) reader.fail('PROTOCOL_OUT_OF_RANGE', `${count} signatures`);
  return reader.finish({
    content,
    signatures: reader.raw(count * ACCOUNT_SIGNATURE_SIZE),
    secret: reader.raw(SECRET_SIZE),
  });
}

const checkOf = (suite: CryptoSuite, body: Uint8Array): Uint8Array =>
  fromHex(suite.taggedDigest(TAGS.inviteCheck, body)).subarray(0, CHECK_SIZE);

const refused = (code: ProtocolErrorCode, message: string): Result<never, ProtocolFailure> => fail({ code, message });

/** spec JOIN-21. */
export function encodeJoinRequest(request: JoinRequest): Uint8Array {
  return new Writer()
    .bytes(request.content)
    .bytes(request.signatures)
    .list(request.addresses, (w, text) => w.bytes(encodeUtf8(text)))
    .bytes(request.ticketSignature)
    .bytes(request.nodeSignature)
    .finish();
}

export function decodeJoinRequest(bytes: Uint8Array): Result<JoinRequest, ProtocolFailure> {
  const reader = new Reader(bytes, 'join request');
  return reader.finish({
    content: reader.bytes(INVITE_SIZE_MAX),
    signatures: reader.bytes(INVITE_SIGNATURES_SIZE_MAX),
    addresses: reader.list(GENESIS_ADDRESS_COUNT_MAX, readAddress),
    ticketSignature: reader.bytes(64),
    nodeSignature: reader.bytes(64),
  });
}
