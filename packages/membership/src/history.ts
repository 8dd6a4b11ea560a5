/** History of all changes, in state: what was before, what is since, when, and why (spec MEM-7). Pure. */
import { asciiBytes, bytesToHex, compareText, type HashHex, type Height, type Result } from '@hansa/primitives';
import {
  encodeUtf8,
  PARAMETER_TABLE,
  type ProtocolFailure,
  parameterByKey,
  REASON_SIZE_MAX,
  Reader,
  type StateKey,
  systemKey,
  Writer,
} from '@hansa/protocol';
import { accounts, DEPLOY_WORDS, STATUS_WORDS } from './action.ts';
import type { Governed } from './governed.ts';
import type { ContractPolicy } from './permission.ts';
import { CONSENSUS_ADDRESS, RECORD_VERSION, readText, readVersion } from './records.ts';
import type { Organisation, RegisteredNode } from './registry.ts';

export type HistoryEntry = {
  readonly height: Height;
  /** Zero: no transaction, a rule at the end of the block. */
  readonly transactionHash: HashHex;
  /** `proposal 7`, `absent for 4 terms`, … */
  readonly cause: string;
  /** `node 04ab…`, `organisation BankA`, `governor BankA`, `rates`, `parameter tx_gas_price`, … */
  readonly subject: string;
  /** In words; empty: it did not exist before, or does not any more. */
  readonly from: string;
  readonly to: string;
};

/** Eight addresses, or 32 accounts, and the words around them. */
const TEXT_SIZE_MAX = 4_096;

export const HISTORY_COUNT_KEY: StateKey = systemKey(CONSENSUS_ADDRESS, bytesToHex(asciiBytes('history')));
export const historyKey = (index: number): StateKey =>
  systemKey(CONSENSUS_ADDRESS, `${bytesToHex(asciiBytes('history/'))}${index.toString(16).padStart(16, '0')}`);

export function encodeHistoryEntry(entry: HistoryEntry): Uint8Array {
  return new Writer()
    .u8(RECORD_VERSION)
    .u64(entry.height)
    .hex(entry.transactionHash, 32)
    .bytes(encodeUtf8(entry.cause))
    .bytes(encodeUtf8(entry.subject))
    .bytes(encodeUtf8(entry.from))
    .bytes(encodeUtf8(entry.to))
    .finish();
}

export function decodeHistoryEntry(bytes: Uint8Array): Result<HistoryEntry, ProtocolFailure> {
  const reader = new Reader(bytes, 'history entry');
  readVersion(reader);
  return reader.finish({
    height: reader.height(),
    transactionHash: reader.hash(),
    cause: readText(reader, REASON_SIZE_MAX),
    subject: readText(reader, REASON_SIZE_MAX),
    from: readText(reader, TEXT_SIZE_MAX),
    to: readText(reader, TEXT_SIZE_MAX),
  });
}

/** u64 of the number of entries. */
export const encodeHistoryCount = (count: number): Uint8Array => new Writer().u64(count).finish();
export function decodeHistoryCount(bytes: Uint8Array): Result<number, ProtocolFailure> {
  const reader = new Reader(bytes, 'history count');
  return reader.finish(reader.u64());
}

export type Difference = Pick<HistoryEntry, 'subject' | 'from' | 'to'>;

/** What differs between two states of what is governed, in a fixed order of subjects. */
export function differences(before: Governed, after: Governed): readonly Difference[] {
  const [old, next] = [describe(before), describe(after)];
  const subjects = [...new Set([...old.keys(), ...next.keys()])].sort(compareText);
  return subjects
    .map((subject) => ({ subject, from: old.get(subject) ?? '', to: next.get(subject) ?? '' }))
    .filter(({ from, to }) => from !== to);
}

function describe(governed: Governed): ReadonlyMap<string, string> {
  const { registry, committee, parameters, deploy, contracts } = governed;
  const lines = new Map<string, string>();
  for (const organisation of registry.organisations)
    lines.set(`organisation ${organisation.id}`, describeOrganisation(organisation));
  for (const node of registry.nodes) lines.set(`node ${node.nodeId}`, describeNode(node));
  for (const { organisationId, weight } of committee.governors)
    lines.set(`governor ${organisationId}`, `weight ${weight}`);
  lines.set('rates', `participation ${committee.participationRate} %, win ${committee.winRate} %`);
  for (const { key } of PARAMETER_TABLE) lines.set(`parameter ${key}`, parameterByKey(parameters, key) as string);
  lines.set('deploy permission', DEPLOY_WORDS[deploy.type] as string);
  for (const { account, isOpen } of deploy.entries)
    lines.set(`deploy right of 0x${account}`, isOpen ? 'open' : 'closed');
  for (const [contract, policy] of contracts) lines.set(`contract 0x${contract}`, describeContract(policy));
  for (const [account, status] of governed.accounts) lines.set(`account 0x${account}`, STATUS_WORDS[status] as string);
  return lines;
}

function describeOrganisation({ name, contact, admins, threshold }: Organisation): string {
  return `${name}; contact ${contact}; ${threshold} of ${accounts(admins)}`;
}

function describeNode({ role, weight, organisationId, addresses }: RegisteredNode): string {
  const weighed = weight > 0 ? ` with weight ${weight}` : '';
  return `${role}${weighed} of ${organisationId}${addresses.length > 0 ? ` at ${addresses.join(' ')}` : ''}`;
}

function describeContract({ admin, status }: ContractPolicy): string {
  return `${STATUS_WORDS[status]}, admin 0x${admin}`;
}
