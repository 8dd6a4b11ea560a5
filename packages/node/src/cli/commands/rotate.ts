import { initCrypto, standardSuite } from '@hansa/crypto';
import { argumentTypes, encodeCall } from '@hansa/executor';
import { MEMBERSHIP_CODES, SUCCESSION_ADDRESS } from '@hansa/membership';
import {
  bytesToHex,
  ChainError,
  compareText,
  type HashHex,
  type Height,
  type NodeId,
  toAddressHex,
} from '@hansa/primitives';
import { adminsDigest, successionDigest } from '@hansa/protocol';
import type { MemberReport, MembersReport, OrganisationReport } from '@hansa/rpc';
import type { Command } from 'commander';
import { nodePaths } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { readKey } from '../../keys/key-files.ts';
import { address, nodeOf } from '../governance/action-words.ts';
import { adminKeys, type KeyChoice, members } from '../governance/committee-client.ts';
import { recoverableSignatures } from '../governance/signatures.ts';
import { rpcOf } from '../node-address.ts';
import { createOutput, type Output, shortId } from '../output.ts';
import { passphraseFrom } from '../passphrase.ts';
import { callRpc } from '../rpc-client.ts';
import { decodeCode, type FinalCall, sendCall } from '../transaction.ts';
import { addressOfKey } from './init.ts';

type Options = KeyChoice & { readonly json?: boolean };
type NodeOptions = Options & { readonly lost?: string };
type AdminsOptions = Options & { readonly admin: readonly string[]; readonly threshold: string };

const LOOK_MS = 250;
/** A candidate is watched for some seconds, and attested by transactions of the validators. */
const TAKE_OVER_MS_MAX = 60_000;

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];
const usage = (message: string, remedy: string): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code: 'CLI_USAGE', message, remedy });

/** `hansa rotate node | admins | abandon`: new keys, without a vote and without a pause (docs/spec/succession.md). */
export function addRotateCommand(program: Command): void {
  const rotate = program
    .command('rotate')
    .description('replace the key of a node, or the admin keys of an organisation');
  const withKeys = (command: Command): Command =>
    command
      .option('--dir <dir>', 'directory of the old node, whose keys sign')
      .option('--key <file>', 'key file of an admin account (repeatable; default: admin.key)', collect)
      .option('--rpc <url>', 'JSON-RPC address of a node')
      .option('--json', 'machine-readable output');
  withKeys(rotate.command('node'))
    .description('hand the place of a node over to another one of its organisation, which runs already as an observer')
    .argument('<new>', 'node id (128 hex digits) or card (node.json) of the new node')
    .option('--lost <old>', 'the old key is lost: node id of the old node; the admins of its organisation sign instead')
    .action(rotateNode);
  withKeys(rotate.command('admins'))
    .description('set the admin accounts of an organisation; present and new ones sign')
    .argument('<organisation>', 'id of the organisation')
    .requiredOption('--admin <address>', 'admin account from now on (repeatable; names all of them)', collect)
    .option('--threshold <n>', 'how many of them act for the organisation', '1')
    .action(rotateAdmins);
  withKeys(rotate.command('abandon'))
    .description('take back a hand-over that waits for the validators to see the new node')
    .argument('<new>', 'node id or card of the new node')
    .action(abandonRotation);
}

async function rotateNode(text: string, options: NodeOptions): Promise<void> {
  await initCrypto();
  const output = createOutput(options);
  const rpc = rpcOf(options);
  const [report, genesisHash, keys] = await Promise.all([members(rpc), genesisHashOf(rpc), adminKeys(options)]);
  const newNodeId = nodeOf(text).nodeId as NodeId;
  const nodeKey =
    options.lost === undefined ? readKey(nodePaths(options.dir ?? '.').nodeKey, passphraseFrom({})) : undefined;
  const oldNodeId = nodeKey === undefined ? (nodeOf(options.lost).nodeId as NodeId) : standardSuite.nodeIdOf(nodeKey);
  const old = memberOf(report, oldNodeId);
  // Said with a remedy before anything is signed.
  memberOf(report, newNodeId);
  const digest = successionDigest(standardSuite, { genesisHash, oldNodeId, newNodeId, since: old.since as Height });
  const signed =
    nodeKey === undefined
      ? [new Uint8Array(0), recoverableSignatures(digest, signersOf(report, old.organisation, keys))]
      : [standardSuite.sign(digest, nodeKey), new Uint8Array(0)];
  const begun = await call(rpc, keys, 'succeed(string,string,bytes,bytes)', [oldNodeId, newNodeId, ...signed]);
  if (old.role === 'validator')
    output.line(`${shortId(newNodeId)} is to succeed ${shortId(oldNodeId)}: the validators look at it`);
  await takenOver(rpc, newNodeId, old.role);
  const { term } = await members(rpc);
  output.data({
    oldNodeId,
    newNodeId,
    role: old.role,
    height: begun.height,
    transactionHash: begun.transactionHash,
    term,
  });
  sayDone(output, { oldNodeId, newNodeId, role: old.role });
}

function sayDone(
  output: Output,
  { oldNodeId, newNodeId, role }: { readonly oldNodeId: string; readonly newNodeId: string; readonly role: string },
): void {
  output.line(`${shortId(newNodeId)} has the place of ${shortId(oldNodeId)}`);
  if (role === 'validator')
    output.line('the old key votes until this term ends, the new one from the next term on, never both');
  output.line('when `hansa status` of the old node says that it is no member any more, stop it and destroy its key');
}

/** Resolves when the new node has the role of the old one. @throws ChainError when it is not attested in time */
async function takenOver(rpc: string, newNodeId: string, role: MemberReport['role']): Promise<void> {
  const endMs = performance.now() + TAKE_OVER_MS_MAX;
  for (;;) {
    const report = await members(rpc);
    const { role: present, attestedBy, reason } = memberOf(report, newNodeId);
    if (present === role) return;
    const hasEnded = present !== 'candidate';
    if (hasEnded || performance.now() > endMs)
      throw new ChainError<NodeErrorCode>({
        code: 'CLI_TRANSACTION_FAILED',
        message: hasEnded
          ? `nothing was handed over: ${reason}`
          : `the new node is not attested by a quorum of the validators after ${TAKE_OVER_MS_MAX / 1_000} s; ${attestedBy.length} have seen it`,
        remedy:
          'start the new node, and see by `hansa status` whether it is connected and near the head; it is taken over as soon as it is. `hansa rotate abandon` takes the wish back; the old key votes on meanwhile',
      });
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function rotateAdmins(organisationId: string, options: AdminsOptions): Promise<void> {
  await initCrypto();
  const output = createOutput(options);
  const rpc = rpcOf(options);
  const [report, genesisHash, keys] = await Promise.all([members(rpc), genesisHashOf(rpc), adminKeys(options)]);
  const organisation = organisationOf(report, organisationId);
  const admins = options.admin.map((text) => toAddressHex(address(text))).sort(compareText);
  const threshold = Number(options.threshold);
  if (!Number.isSafeInteger(threshold) || threshold < 1 || threshold > admins.length)
    throw usage(`a threshold of ${options.threshold} of ${admins.length} accounts is none`, 'write --threshold N');
  const present = organisation.admins.map((admin) => admin.slice(2).toLowerCase());
  const signers = keys.filter((key) => [...present, ...admins].includes(addressOfKey(key)));
  demand(signers, present, organisation.threshold, `present admin accounts of ${organisationId}`);
  demand(signers, admins, threshold, 'new ones: they sign too, so that a wrong address shuts nobody out');
  const changeCount = await adminChanges(rpc, organisationId);
  const digest = adminsDigest(standardSuite, { genesisHash, organisationId, changeCount, admins, threshold });
  const done = await call(rpc, keys, 'setAdmins(string,address[],uint32,bytes)', [
    organisationId,
    admins,
    BigInt(threshold),
    recoverableSignatures(digest, signers),
  ]);
  output.data({
    organisation: organisationId,
    admins: admins.map((admin) => `0x${admin}`),
    threshold,
    height: done.height,
    transactionHash: done.transactionHash,
  });
  output.line(`${threshold} of ${admins.length} admin accounts act for ${organisationId} since height ${done.height}`);
  output.line('accounts that are not among them any more act for nobody: their keys can be destroyed');
}

function demand(keys: readonly Uint8Array[], accounts: readonly string[], threshold: number, whose: string): void {
  const count = keys.filter((key) => accounts.includes(addressOfKey(key))).length;
  if (count < threshold)
    throw usage(`${threshold} keys are needed of the ${whose}; ${count} are at hand`, 'name key files with --key');
}

async function abandonRotation(text: string, options: Options): Promise<void> {
  await initCrypto();
  const output = createOutput(options);
  const { nodeId } = nodeOf(text);
  const rpc = rpcOf(options);
  const report = await members(rpc);
  const own = signersOf(report, memberOf(report, nodeId).organisation, await adminKeys(options), 1);
  const done = await call(rpc, own, 'abandon(string)', [nodeId]);
  output.data({ abandoned: nodeId, height: done.height, transactionHash: done.transactionHash });
  output.line(`${shortId(nodeId)} is an observer again, and nobody’s successor`);
}

async function adminChanges(rpc: string, organisationId: string): Promise<number> {
  const data = `0x${bytesToHex(encodeCall('getAdminChanges(string)', ['string'], [organisationId]))}`;
  return Number(BigInt(await callRpc<string>(rpc, 'eth_call', [{ to: `0x${SUCCESSION_ADDRESS}`, data }, 'latest'])));
}

const genesisHashOf = async (rpc: string): Promise<HashHex> =>
  (await callRpc<{ genesisHash: string }>(rpc, 'hansa_getStatus')).genesisHash.slice(2) as HashHex;

function memberOf({ members: list }: MembersReport, nodeId: string): MemberReport {
  const member = list.find((each) => each.nodeId === nodeId);
  if (member === undefined)
    throw usage(
      `${shortId(nodeId)} is no member`,
      'the new node joins first, as an observer: `hansa invite --org …`, then `hansa join` on its machine',
    );
  return member;
}

function organisationOf({ organisations }: MembersReport, id: string): OrganisationReport {
  const organisation = organisations.find((each) => each.id === id);
  if (organisation === undefined) throw usage(`there is no organisation ${id}`, 'see `hansa members`');
  return organisation;
}

/** As many keys of the organisation’s admins as it needs. */
function signersOf(
  report: MembersReport,
  organisationId: string,
  keys: readonly Uint8Array[],
  count: number = organisationOf(report, organisationId).threshold,
): readonly Uint8Array[] {
  const { admins } = organisationOf(report, organisationId);
  const signers = keys.filter((key) => admins.some((admin) => admin.toLowerCase() === `0x${addressOfKey(key)}`));
  if (signers.length < count || count === 0)
    throw usage(
      `${organisationId} signs with ${count} admin keys, ${signers.length} of them are at hand`,
      'name the key files of its admin accounts with --key; `hansa members` shows who they are',
    );
  return signers.slice(0, count);
}

async function call(
  rpc: string,
  keys: readonly Uint8Array[],
  signature: string,
  values: Parameters<typeof encodeCall>[2],
): Promise<FinalCall> {
  const data = encodeCall(signature, argumentTypes(signature), values);
  const done = await sendCall({ rpc, key: keys[0] as Uint8Array, to: SUCCESSION_ADDRESS, data, price: 0n });
  const code = decodeCode(done.output);
  if (code === 0) return done;
  throw new ChainError<NodeErrorCode>({
    code: 'CLI_TRANSACTION_FAILED',
    message: `the consortium refuses: ${REFUSALS.get(code) ?? 'the keys stay as they are'} (${code})`,
    remedy: 'see `hansa members` for the present state; nothing was changed',
  });
}

const REFUSALS: ReadonlyMap<number, string> = new Map([
  [MEMBERSHIP_CODES.nodeNotExist, 'the old node is not registered'],
  [MEMBERSHIP_CODES.hasNoPlace, 'the old node is a candidate or suspended: it has no place to hand over'],
  [MEMBERSHIP_CODES.notASuccessor, 'the new node is no observer of the same organisation'],
  [
    MEMBERSHIP_CODES.alreadySucceeded,
    'another node waits to succeed the old one: `hansa rotate abandon` takes that back',
  ],
  [MEMBERSHIP_CODES.successionUnsigned, 'the signatures are not those of the old node or of the organisation'],
  [MEMBERSHIP_CODES.noSuccession, 'this node waits to succeed none'],
  [MEMBERSHIP_CODES.noPermission, 'the account is no admin of its organisation'],
  [
    MEMBERSHIP_CODES.invalidOrganisation,
    'these accounts cannot be those of an organisation: different ones, of nobody else, 32 at most',
  ],
]);
