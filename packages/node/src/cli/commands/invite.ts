import { randomBytes } from 'node:crypto';
import { type CryptoSuite, initCrypto, standardSuite } from '@hansa/crypto';
import { encodeCall } from '@hansa/executor';
import { INVITE_SECONDS_MAX, INVITES_ADDRESS, MEMBERSHIP_CODES } from '@hansa/membership';
import { ChainError, type HashHex, type NodeId } from '@hansa/primitives';
import { type EntryNode, encodeInvite, type Invite, inviteId, renderInvite } from '@hansa/protocol';
import type { MembersReport, OrganisationReport } from '@hansa/rpc';
import type { Command } from 'commander';
import type { NodeErrorCode } from '../../errors.ts';
import { openInvite } from '../../join/newcomer.ts';
import { adminKeys, type KeyChoice, members } from '../governance/committee-client.ts';
import { recoverableSignatures } from '../governance/signatures.ts';
import { rpcOf } from '../node-address.ts';
import { createOutput, shortId } from '../output.ts';
import { callRpc } from '../rpc-client.ts';
import { decodeCode, sendCall } from '../transaction.ts';
import { addressOfKey } from './init.ts';

type CreateOptions = KeyChoice & {
  readonly org: string;
  readonly role: string;
  readonly expires: string;
  readonly entry?: readonly string[];
  readonly json?: boolean;
};

/** Enough for a newcomer that finds one or two of them down; each makes the line longer. */
const ENTRY_COUNT = 4;
const UNIT_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];
const usage = (message: string, remedy: string): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code: 'CLI_USAGE', message, remedy });

/** `hansa invite`: one line of text that lets one node of an organisation in (docs/spec/joining.md). */
export function addInviteCommand(program: Command): void {
  const invite = program.command('invite').description('let a new node in: one line of text, to be used once');
  const withKeys = (command: Command): Command =>
    command
      .option('--dir <dir>', 'node directory whose admin.key signs')
      .option('--key <file>', 'key file of an admin account (repeatable; default: admin.key)', collect)
      .option('--rpc <url>', 'JSON-RPC address of a node')
      .option('--json', 'machine-readable output');
  withKeys(invite.command('create', { isDefault: true }))
    .description('print an invite; whoever has the line can use it, so hand it over like a password')
    .requiredOption('--org <id>', 'organisation whose node it will be')
    .option('--role <role>', 'observer: validators are made from observers by the committee', 'observer')
    .option('--expires <time>', 'how long it can be used: 30m, 24h, 7d (31d at most)', '24h')
    .option('--entry <node>', 'node id of an entry node (repeatable; default: validators with an address)', collect)
    .action(async (options: CreateOptions) => {
      const output = createOutput(options);
      const { text, invite: made, id } = await createInvite(options);
      const { organisationId, inviterId, expiresAt } = made;
      const expires = new Date(1_000 * expiresAt).toISOString();
      output.data({ invite: text, id: `0x${id}`, organisation: organisationId, inviter: inviterId, expires });
      output.line(text);
      if (output.json) return;
      process.stderr.write(`\nlets one node of ${organisationId} in until ${expires}, signed by ${inviterId}\n`);
      process.stderr.write('on the new machine: hansa join <this line>\n');
    });
  invite
    .command('show')
    .description('what an invite says, and whether it was used')
    .argument('<invite>', 'the line of text')
    .option('--dir <dir>', 'node directory')
    .option('--rpc <url>', 'JSON-RPC address of a node')
    .option('--json', 'machine-readable output')
    .action(showInvite);
  withKeys(invite.command('revoke'))
    .description('make an invite worthless (by an admin of the inviter or of the invited organisation)')
    .argument('<invite>', 'the line of text')
    .action(revokeInvite);
}

async function createInvite(options: CreateOptions): Promise<{ text: string; invite: Invite; id: HashHex }> {
  if (options.role !== 'observer')
    throw usage(
      `an invite cannot make a ${options.role}`,
      'invite an observer; when it is synced, `hansa members add-validator` lets the committee decide on its vote',
    );
  await initCrypto();
  const suite = standardSuite;
  const rpc = rpcOf(options);
  const [keys, report, chain] = await Promise.all([
    adminKeys(options),
    members(rpc),
    callRpc<{ chainId: string; groupId: string; genesisHash: string }>(rpc, 'hansa_getStatus'),
  ]);
  if (!report.organisations.some(({ id }) => id === options.org))
    throw usage(
      `there is no organisation ${options.org}`,
      'the committee adds it first: hansa gov propose organisation ID NAME CONTACT THRESHOLD ADMIN…',
    );
  const { inviter, signers } = inviterOf(keys, report, options.org);
  const secret = suite.generateKey();
  const invite: Invite = {
    chainId: Number(chain.chainId),
    groupId: chain.groupId,
    genesisHash: chain.genesisHash.slice(2) as HashHex,
    organisationId: options.org,
    inviterId: inviter.id,
    ticket: suite.nodeIdOf(secret),
    expiresAt: Math.floor(Date.now() / 1_000) + secondsOf(options.expires),
    entries: entriesOf(report, options.entry),
  };
  const content = encodeInvite(invite);
  const id = inviteId(suite, content);
  const signatures = recoverableSignatures(id, signers);
  return { text: renderInvite(suite, { content, signatures, secret }), invite, id };
}

/** The organisation for which enough keys are at hand: the invited one first, then a governor. */
function inviterOf(
  keys: readonly Uint8Array[],
  report: MembersReport,
  invited: string,
): { inviter: OrganisationReport; signers: readonly Uint8Array[] } {
  const keysOf = ({ admins }: OrganisationReport): readonly Uint8Array[] =>
    keys.filter((key) => admins.some((admin) => admin.toLowerCase() === `0x${addressOfKey(key)}`));
  const able = report.organisations.filter(({ id, governorWeight }) => id === invited || governorWeight > 0);
  const own = [...able].sort((a, b) => Number(b.id === invited) - Number(a.id === invited));
  for (const organisation of own) {
    const signers = keysOf(organisation).slice(0, organisation.threshold);
    if (organisation.threshold > 0 && signers.length === organisation.threshold)
      return { inviter: organisation, signers };
  }
  const near = own.find((organisation) => keysOf(organisation).length > 0);
  throw usage(
    near === undefined
      ? `no key at hand is of an admin of ${invited} or of a governor`
      : `${near.id} signs with ${near.threshold} admin keys, ${keysOf(near).length} of them are at hand`,
    'name the key files of admin accounts with --key; `hansa members` shows who they are',
  );
}

/** Validators that can be reached, in an order by chance: not every newcomer goes to the same. */
function entriesOf(report: MembersReport, named: readonly string[] | undefined): readonly EntryNode[] {
  const reachable = report.members.filter(({ role, addresses }) => role === 'validator' && addresses.length > 0);
  for (const name of named ?? []) {
    if (!reachable.some(({ nodeId }) => nodeId === name))
      throw usage(`${name.slice(0, 16)} is no validator with an address`, 'see `hansa members --json`');
  }
  const chosen = reachable.filter(({ nodeId }) => named === undefined || named.includes(nodeId));
  if (chosen.length === 0)
    throw usage('no validator has an address in the registry', 'an entry node needs one: see `hansa members --json`');
  const start = randomBytes(1)[0] as number;
  return chosen
    .map((_, index) => chosen[(index + start) % chosen.length] as (typeof chosen)[number])
    .slice(0, ENTRY_COUNT)
    .map(({ nodeId, addresses }) => ({ nodeId: nodeId as NodeId, address: addresses[0] as string }));
}

function secondsOf(text: string): number {
  const match = /^(\d{1,5})([mhd])$/.exec(text);
  const seconds = match === null ? 0 : Number(match[1]) * (UNIT_SECONDS[match[2] as string] as number);
  if (seconds < 1 || seconds > INVITE_SECONDS_MAX - 60)
    throw usage(`"${text}" is no time for an invite`, 'write 30m, 24h or 7d; below 31d');
  return seconds;
}

type Known = {
  readonly state: 'open' | 'used' | 'revoked' | 'expired';
  readonly height: number;
  readonly nodeId: string;
};

async function showInvite(text: string, options: KeyChoice & { readonly json?: boolean }): Promise<void> {
  await initCrypto();
  const output = createOutput(options);
  const { invite, card } = openInvite(standardSuite, text);
  const known = await stateOf(rpcOf(options), standardSuite, invite, card.content);
  const expires = new Date(1_000 * invite.expiresAt).toISOString();
  const { chainId, groupId, organisationId, inviterId, entries } = invite;
  output.data({
    chainId,
    groupId,
    genesisHash: `0x${invite.genesisHash}`,
    organisation: organisationId,
    inviter: inviterId,
    expires,
    entries,
    ...known,
  });
  output.line(`for one node of ${organisationId}, signed by ${inviterId}`);
  output.line(`chain ${chainId} ${groupId}, genesis 0x${invite.genesisHash}`);
  for (const { nodeId, address } of entries) output.line(`entry ${shortId(nodeId)} ${address}`);
  const where =
    known.height === 0 ? '' : ` at height ${known.height}${known.nodeId === '' ? '' : ` by ${shortId(known.nodeId)}`}`;
  output.line(`${known.state}${where}; can be used until ${expires}`);
}

async function stateOf(rpc: string, suite: CryptoSuite, invite: Invite, content: Uint8Array): Promise<Known> {
  const data = encodeCall('getInvite(bytes32)', ['bytes32'], [inviteId(suite, content)]);
  const hex = Buffer.from(data).toString('hex');
  const output = await callRpc<string>(rpc, 'eth_call', [{ to: `0x${INVITES_ADDRESS}`, data: `0x${hex}` }, 'latest']);
  const word = (index: number): bigint => BigInt(`0x${output.slice(2 + 64 * index, 66 + 64 * index)}`);
  const nodeId = Buffer.from(output.slice(2 + 64 * 4), 'hex')
    .subarray(0, Number(word(3)))
    .toString('latin1');
  const height = Number(word(1));
  if (word(0) !== 0n) return { state: word(0) === 1n ? 'used' : 'revoked', height, nodeId };
  return { state: 1_000 * invite.expiresAt < Date.now() ? 'expired' : 'open', height, nodeId };
}

async function revokeInvite(text: string, options: KeyChoice & { readonly json?: boolean }): Promise<void> {
  await initCrypto();
  const output = createOutput(options);
  const rpc = rpcOf(options);
  const { card } = openInvite(standardSuite, text);
  const [key] = await adminKeys(options);
  const data = encodeCall('revokeInvite(bytes)', ['bytes'], [card.content]);
  const done = await sendCall({ rpc, key: key as Uint8Array, to: INVITES_ADDRESS, data });
  const code = decodeCode(done.output);
  if (code !== 0)
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_TRANSACTION_FAILED',
      message: `the consortium refuses: ${REFUSALS.get(code) ?? 'the invite cannot be revoked'} (${code})`,
      remedy: 'see `hansa invite show`; nothing was changed',
    });
  output.data({ revoked: true, height: done.height, transactionHash: done.transactionHash });
  output.line(`the invite is worthless since height ${done.height}`);
}

const REFUSALS: ReadonlyMap<number, string> = new Map([
  [MEMBERSHIP_CODES.noPermission, 'the account is no admin of the inviter or of the invited organisation'],
  [MEMBERSHIP_CODES.inviteUsed, 'it was used already; `hansa members remove` takes the node out'],
  [MEMBERSHIP_CODES.inviteRevoked, 'it was revoked already'],
]);
