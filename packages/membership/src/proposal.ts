import { type AddressHex, asciiBytes, bytesToHex, type Height, type NodeId, type Result } from '@hansa/primitives';
import {
  encodeUtf8,
  IDENTIFIER_SIZE_MAX,
  type ProtocolFailure,
  REASON_SIZE_MAX,
  Reader,
  type StateKey,
  systemKey,
  Writer,
} from '@hansa/protocol';
import { ACTION_COUNT_MAX, type Action, readAction, writeAction } from './action.ts';
import { type Effect, readEffect, writeEffect } from './assess.ts';
import { type Ballot, COMMITTEE_ADDRESS } from './committee.ts';
import { RECORD_VERSION, readAscii, readText, readVersion } from './records.ts';

/** Ballots of one proposal: more accounts than that cannot act. */
export const BALLOT_COUNT_MAX = 8_192;

/**
 * `waiting`: passed, and some of its candidates are not attested yet. FISCO BCOS numbers the others 1 created, 2 passed,
 * 3 denied, 4 revoked, 5 outdated.
 */
export type ProposalStatus = 'open' | 'waiting' | 'passed' | 'denied' | 'revoked' | 'outdated';

const STATUSES: readonly ProposalStatus[] = ['open', 'waiting', 'passed', 'denied', 'revoked', 'outdated'];

export type Proposal = {
  /** From 1. */
  readonly id: number;
  readonly organisationId: string;
  readonly proposer: AddressHex;
  readonly createdAt: Height;
  /** Last height at which it can be voted on; of a waiting one, at which its candidates can be attested. */
  readonly deadline: Height;
  readonly acceptRisk: boolean;
  /** Words of the proposer. */
  readonly reason: string;
  /** In the order in which they are applied. */
  readonly actions: readonly Action[];
  /** As the chain was when it was made. */
  readonly effect: Effect;
  /** By account, ascending. */
  readonly ballots: readonly Ballot[];
  readonly status: ProposalStatus;
  /** Height of the last change of status. */
  readonly since: Height;
  /** 0, or the code for which a passed proposal could not be carried out. */
  readonly code: number;
};

/** FISCO BCOS's number of a status, as its console shows it. */
export function statusNumber(status: ProposalStatus): number {
  return { open: 1, waiting: 2, passed: 2, denied: 3, revoked: 4, outdated: 5 }[status];
}

/** What a proposal is at a height: an open one that nobody settled in time is outdated (spec GOV-23). */
export function statusAt({ status, deadline }: Proposal, height: Height): ProposalStatus {
  return status === 'open' && height > deadline ? 'outdated' : status;
}

/** Nodes that a proposal wants to promote, as far as they are no validators. */
export function candidatesOf(
  { actions }: Pick<Proposal, 'actions'>,
  isValidator: (nodeId: string) => boolean,
): readonly NodeId[] {
  return actions.flatMap((action) =>
    action.type === 'addSealer' && !isValidator(action.nodeId) ? [action.nodeId as NodeId] : [],
  );
}

export const proposalKey = (id: number): StateKey =>
  systemKey(COMMITTEE_ADDRESS, `${bytesToHex(asciiBytes('proposal/'))}${id.toString(16).padStart(16, '0')}`);

/** spec GOV-20. */
export function encodeProposalRecord(proposal: Proposal): Uint8Array {
  const writer = new Writer(1024)
    .u8(RECORD_VERSION)
    .u64(proposal.id)
    .bytes(asciiBytes(proposal.organisationId))
    .hex(proposal.proposer, 20)
    .u64(proposal.createdAt)
    .u64(proposal.deadline)
    .boolean(proposal.acceptRisk)
    .bytes(encodeUtf8(proposal.reason))
    .list(proposal.actions, writeAction);
  writeEffect(writer, proposal.effect);
  return writer
    .list(proposal.ballots, (w, { voter, agrees }) => w.hex(voter, 20).boolean(agrees))
    .u8(STATUSES.indexOf(proposal.status))
    .u64(proposal.since)
    .u32(-proposal.code)
    .finish();
}

export function decodeProposalRecord(bytes: Uint8Array): Result<Proposal, ProtocolFailure> {
  const reader = new Reader(bytes, 'proposal');
  readVersion(reader);
  const fields = {
    id: reader.u64(),
    organisationId: readAscii(reader, IDENTIFIER_SIZE_MAX),
    proposer: reader.address(),
    createdAt: reader.height(),
    deadline: reader.height(),
    acceptRisk: reader.boolean(),
    reason: readText(reader, REASON_SIZE_MAX),
    actions: reader.list(ACTION_COUNT_MAX, readAction),
    effect: readEffect(reader),
    ballots: reader.list(BALLOT_COUNT_MAX, (r) => ({ voter: r.address(), agrees: r.boolean() })),
  };
  const number = reader.u8();
  const status = STATUSES[number];
  if (status === undefined) reader.fail('PROTOCOL_OUT_OF_RANGE', `there is no status ${number}`);
  const since = reader.height();
  return reader.finish({ ...fields, status: status as ProposalStatus, since, code: 0 - reader.u32() });
}
