/** The newcomer's side of joining (docs/spec/joining.md): from an invite to a node that may connect. */
import { type CryptoSuite, type PrivateKey, suiteByName } from '@hansa/crypto';
import { MEMBERSHIP_CODES } from '@hansa/membership';
import { type Knock, knock, type Mismatch } from '@hansa/network';
import { ChainError, type Height, type Result } from '@hansa/primitives';
import {
  decodeInvite,
  type EntryNode,
  type Invite,
  type InviteCard,
  inviteId,
  type JoinRequest,
  joinDigest,
  parseGenesis,
  parseInvite,
} from '@hansa/protocol';
import type { NodeErrorCode } from '../errors.ts';
import { buildGenesis } from '../genesis-block.ts';
import { type DoorAnswer, type DoorRequest, decodeDoorAnswer, encodeDoorRequest } from './door-messages.ts';

/** JOIN-23. */
const REPEAT_MS = 500;
const GIVE_UP_MS = 60_000;

export type OpenedInvite = { readonly invite: Invite; readonly card: InviteCard };

const failure = (code: NodeErrorCode, message: string, remedy: string): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code, message, remedy });

/** The line of text, read. @throws ChainError JOIN_INVITE_INVALID */
export function openInvite(suite: CryptoSuite, text: string): OpenedInvite {
  const card = parseInvite(suite, text);
  const invite = card.ok ? decodeInvite(card.value.content) : card;
  if (!card.ok || !invite.ok)
    throw failure(
      'JOIN_INVITE_INVALID',
      `this is no whole invite: ${invite.ok ? '' : invite.error.message}`,
      'copy the whole line again, from the first letter to the last',
    );
  if (suite.nodeIdOf(card.value.secret) !== invite.value.ticket)
    throw failure('JOIN_INVITE_INVALID', 'the secret of this invite is not its own', 'ask for a new invite');
  return { invite: invite.value, card: card.value };
}

export type JoinOptions = {
  readonly suite: CryptoSuite;
  readonly opened: OpenedInvite;
  readonly nodeKey: PrivateKey;
  /** Where others reach the node; may be empty. */
  readonly addresses: readonly string[];
  /** The genesis file is here and checked; nothing was asked of the chain yet. */
  readonly onGenesis: (file: string) => Promise<void>;
};

/**
 * Asks the entry nodes, in their order, until one lets this node in; the height of the block in which it joined.
 * @throws ChainError JOIN_REFUSED, JOIN_GENESIS_WRONG or JOIN_UNREACHABLE
 */
export async function joinConsortium(options: JoinOptions): Promise<Height> {
  const { suite, opened, nodeKey, onGenesis } = options;
  const { invite } = opened;
  const request = requestOf(options);
  const endMs = performance.now() + GIVE_UP_MS;
  /** Entry nodes of another chain than the invite's: to ask them again is useless. */
  const foreign = new Set<EntryNode>();
  let hasGenesis = false;
  let last = '';
  while (performance.now() < endMs && foreign.size < invite.entries.length) {
    for (const entry of invite.entries.filter((each) => !foreign.has(each))) {
      const ask = (kind: DoorRequest['kind']): Promise<DoorAnswer | Silence> =>
        say(invite, nodeKey, entry, { kind, request });
      let answer = await ask(hasGenesis ? 'join' : 'ask');
      if (answer.type === 'genesis') {
        checkGenesis(suite, invite, entry, answer.file);
        await onGenesis(answer.file);
        hasGenesis = true;
        answer = await ask('join');
      }
      while (answer.type === 'under way' && performance.now() < endMs) {
        await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
        answer = await ask('join');
      }
      if (answer.type === 'joined' && hasGenesis) return answer.height;
      if (answer.type === 'refused' && answer.code !== 0) throw refused(answer);
      if (answer.type === 'silence' && answer.isForeign) foreign.add(entry);
      last = `${entry.address} ${'reason' in answer ? answer.reason : 'did not finish'}`;
    }
    await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
  }
  if (foreign.size === invite.entries.length)
    throw failure(
      'JOIN_REFUSED',
      `no entry node of the invite is of its chain; last: ${last}`,
      'ask for a new invite: these addresses belong to another consortium now',
    );
  throw failure(
    'JOIN_UNREACHABLE',
    `no entry node of the invite let this node in within ${GIVE_UP_MS / 1_000} s; last: ${last}`,
    'check that this machine reaches their addresses, or ask for an invite that names others; the invite is not used up',
  );
}

function requestOf({ suite, opened, nodeKey, addresses }: JoinOptions): JoinRequest {
  const { content, signatures, secret } = opened.card;
  const nodeId = suite.nodeIdOf(nodeKey);
  const { genesisHash } = opened.invite;
  const digest = joinDigest(suite, { genesisHash, inviteId: inviteId(suite, content), nodeId, addresses });
  const [ticketSignature, nodeSignature] = [suite.sign(digest, secret), suite.sign(digest, nodeKey)];
  return { content, signatures, addresses, ticketSignature, nodeSignature };
}

/** No answer from an entry node. */
type Silence = { readonly type: 'silence'; readonly reason: string; readonly isForeign: boolean };

const FOREIGN: ReadonlySet<Mismatch['reason']> = new Set(['otherChain', 'otherGenesis', 'otherVersion', 'garbage']);

async function say(
  invite: Invite,
  privateKey: PrivateKey,
  entry: EntryNode,
  request: DoorRequest,
): Promise<DoorAnswer | Silence> {
  const call: Knock = { name: invite, privateKey, entry, request: encodeDoorRequest(request) };
  const heard: Result<Uint8Array, Mismatch> = await knock(call);
  if (!heard.ok) return { type: 'silence', reason: heard.error.message, isForeign: FOREIGN.has(heard.error.reason) };
  return (
    decodeDoorAnswer(heard.value) ?? { type: 'silence', reason: 'answered with something unreadable', isForeign: false }
  );
}

/** JOIN-23: nothing is believed but what has the hash that the invite names. */
function checkGenesis(suite: CryptoSuite, invite: Invite, entry: EntryNode, file: string): void {
  const wrong = (why: string): ChainError<NodeErrorCode> =>
    failure(
      'JOIN_GENESIS_WRONG',
      `the genesis file from ${entry.address} ${why}`,
      'tell the operator of that node and those who invited you: somebody offers another chain than the invite names',
    );
  const parsed = parseGenesis(file);
  if (!parsed.ok) throw wrong(`is none: ${parsed.error.message}`);
  const genesis = parsed.value;
  if (suiteByName(genesis.suite)?.name !== suite.name) throw wrong('has another crypto suite');
  const { hash } = buildGenesis(genesis, suite);
  const isSame =
    hash === invite.genesisHash && genesis.chainId === invite.chainId && genesis.groupId === invite.groupId;
  if (!isSame) throw wrong(`has the hash 0x${hash}, the invite names 0x${invite.genesisHash}`);
}

const REMEDIES: ReadonlyMap<number, string> = new Map([
  [MEMBERSHIP_CODES.inviteExpired, 'ask for a new invite, and check the clock of this machine'],
  [MEMBERSHIP_CODES.inviteUsed, 'each invite is for one node: ask for a new one'],
  [MEMBERSHIP_CODES.inviteUnsigned, 'it was altered, or its signers are no admins any more: ask for a new invite'],
  [MEMBERSHIP_CODES.alreadyRegistered, 'start the node by `hansa start`; it needs no invite'],
]);

function refused({ code, reason }: { readonly code: number; readonly reason: string }): ChainError<NodeErrorCode> {
  return failure(
    'JOIN_REFUSED',
    `the consortium refuses: ${reason} (${code})`,
    REMEDIES.get(code) ?? 'ask those who invited you; nothing was changed',
  );
}
