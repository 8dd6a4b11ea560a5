import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { initCrypto } from '@hansa/crypto';
import { encodeCall } from '@hansa/executor';
import { COMMITTEE_ADDRESS } from '@hansa/membership';
import { ChainError, compareText } from '@hansa/primitives';
import type { CommitteeReport, MembersReport, ProposalReport } from '@hansa/rpc';
import { nodePaths } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { readKey } from '../../keys/key-files.ts';
import { addressOfKey } from '../commands/init.ts';
import { DEVNET_NODE, type NodeChoice } from '../node-address.ts';
import { passphraseFrom } from '../passphrase.ts';
import { callRpc } from '../rpc-client.ts';
import { type FinalCall, sendCall } from '../transaction.ts';
import type { ActionCall } from './action-words.ts';

export type KeyChoice = NodeChoice & { readonly key?: readonly string[] | undefined };

/** Heights for which a proposal can be voted on when nothing is said: a week of blocks of one second, as in FISCO BCOS. */
export const INTERVAL_DEFAULT: bigint = 604_800n;

/**
 * Admin keys at hand, the own one first: those that are named, else that of the node directory; of a devnet those of all
 * its nodes, since they are all here.
 * @throws ChainError when there is none
 */
export async function adminKeys(choice: KeyChoice): Promise<readonly Uint8Array[]> {
  await initCrypto();
  const files = choice.key ?? filesAt(choice.dir);
  const keys = files.map((file) => readKey(file, passphraseFrom({})));
  const seen = new Set<string>();
  return keys.filter((key) => {
    const account = addressOfKey(key);
    if (seen.has(account)) return false;
    seen.add(account);
    return true;
  });
}

function filesAt(directory: string | undefined): readonly string[] {
  const isHere = directory !== undefined || existsSync(nodePaths('.').settings);
  const own = resolve(directory ?? (isHere ? '.' : DEVNET_NODE));
  const root = dirname(own);
  const files = [nodePaths(own).adminKey];
  if (!existsSync(join(root, 'devnet.json'))) return files;
  for (const name of readdirSync(root).sort(compareText)) {
    const file = nodePaths(join(root, name)).adminKey;
    if (/^node\d+$/.test(name) && file !== files[0] && existsSync(file)) files.push(file);
  }
  return files;
}

export const committee = (rpc: string): Promise<CommitteeReport> => callRpc(rpc, 'hansa_getCommittee');
export const members = (rpc: string): Promise<MembersReport> => callRpc(rpc, 'hansa_getMembers');

/** @throws ChainError CLI_USAGE when there is none with this id */
export async function proposalOf(rpc: string, id: number): Promise<ProposalReport> {
  const proposal = await callRpc<ProposalReport | null>(rpc, 'hansa_getProposal', [id]);
  if (proposal === null)
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_USAGE',
      message: `there is no proposal ${id}`,
      remedy: 'see `hansa gov list`',
    });
  return proposal;
}

export type ProposeRequest = {
  readonly actions: readonly ActionCall[];
  readonly acceptRisk: boolean;
  readonly interval: bigint;
  readonly reason: string;
};

export type Decided = { readonly proposal: ProposalReport; readonly last: FinalCall };

/** Makes a proposal with the first key, and votes for it with the others while it is open. */
export async function proposeAndVote(
  rpc: string,
  keys: readonly Uint8Array[],
  request: ProposeRequest,
): Promise<Decided> {
  const [first, ...others] = keys as readonly [Uint8Array, ...Uint8Array[]];
  const data = encodeCall(
    'createProposal(address[],bytes[],bool,uint256,string)',
    ['address[]', 'bytes[]', 'bool', 'uint256', 'string'],
    [
      request.actions.map(({ target }) => target),
      request.actions.map((action) => action.data),
      request.acceptRisk,
      request.interval,
      request.reason,
    ],
  );
  const made = await send(rpc, first, data);
  return voteWith(rpc, others, { id: Number(BigInt(made.output)), agrees: true, last: made });
}

/** Votes with one key after the other while the proposal is open; keys of accounts that govern nothing are passed over. */
export async function voteWith(
  rpc: string,
  keys: readonly Uint8Array[],
  ballot: { readonly id: number; readonly agrees: boolean; readonly last?: FinalCall },
): Promise<Decided> {
  let { last } = ballot;
  let proposal = await proposalOf(rpc, ballot.id);
  const governors = await governorAccounts(rpc);
  for (const key of keys) {
    const account = `0x${addressOfKey(key)}`;
    const own = proposal.ballots.find(({ voter }) => voter === account);
    if (proposal.status !== 'open' || !governors.has(account) || own?.agrees === ballot.agrees) continue;
    const data = encodeCall('voteProposal(uint256,bool)', ['uint256', 'bool'], [BigInt(ballot.id), ballot.agrees]);
    last = await send(rpc, key, data);
    proposal = await proposalOf(rpc, ballot.id);
  }
  if (last === undefined)
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_TRANSACTION_FAILED',
      message:
        proposal.status === 'open'
          ? 'no key at hand can vote on it: none is of a governor, or all have voted so already'
          : `proposal ${ballot.id} is ${proposal.status}, it cannot be voted on`,
      remedy: 'name the key of an admin account of a governor with --key; see `hansa gov show`',
    });
  return { proposal, last };
}

export async function revokeProposal(rpc: string, key: Uint8Array, id: number): Promise<Decided> {
  const last = await send(rpc, key, encodeCall('revokeProposal(uint256)', ['uint256'], [BigInt(id)]));
  return { proposal: await proposalOf(rpc, id), last };
}

async function governorAccounts(rpc: string): Promise<ReadonlySet<string>> {
  const { organisations } = await members(rpc);
  return new Set(organisations.filter(({ governorWeight }) => governorWeight > 0).flatMap(({ admins }) => admins));
}

/** Who governs need not pay for it (docs/spec/execution.md, EXE-18). */
const send = (rpc: string, key: Uint8Array, data: Uint8Array): Promise<FinalCall> =>
  sendCall({ rpc, key, to: COMMITTEE_ADDRESS, data, price: 0n });
