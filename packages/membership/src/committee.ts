import { type AddressHex, asciiBytes, bytesToHex, type Height, type Result, toAddressHex } from '@hansa/primitives';
import {
  GENESIS_ORGANISATION_COUNT_MAX,
  type Genesis,
  IDENTIFIER_SIZE_MAX,
  type ProtocolFailure,
  Reader,
  type StateKey,
  systemKey,
  Writer,
} from '@hansa/protocol';
import { RECORD_VERSION, readAscii, readVersion } from './records.ts';
import { organisationOf, type Registry } from './registry.ts';

/** The governing committee. FISCO BCOS: CommitteeManager. */
export const COMMITTEE_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000010001');
export const COMMITTEE_KEY: StateKey = systemKey(COMMITTEE_ADDRESS, bytesToHex(asciiBytes('committee')));

/**
 * Proposals of one organisation that are open or wait for attestations, and of all together. With a full list each
 * organisation may still have one: nobody can keep the others from proposing.
 */
export const OWN_PROPOSAL_COUNT_MAX = 8;
export const OPEN_PROPOSAL_COUNT_MAX = 64;

export type OpenProposal = { readonly id: number; readonly organisationId: string; readonly deadline: Height };

export type Governor = { readonly organisationId: string; readonly weight: number };

/** Who governs, and how they decide. */
export type Committee = {
  /** Per cent of all weight that must have voted. FISCO BCOS: participatesRate. */
  readonly participationRate: number;
  /** Per cent of the weight that has voted which must agree. */
  readonly winRate: number;
  /** By organisation, ascending; at least one; weights from 1. */
  readonly governors: readonly Governor[];
  /** Proposals ever made; ids count from 1. */
  readonly proposalCount: number;
  /** Those that are not settled, ascending by id. */
  readonly openProposals: readonly OpenProposal[];
};

export type Ballot = { readonly voter: AddressHex; readonly agrees: boolean };

export type Tally = { readonly agree: number; readonly against: number; readonly total: number };

export function genesisCommittee({ committee, organisations }: Genesis): Committee {
  const governors = organisations
    .filter(({ governorWeight }) => governorWeight > 0)
    .map(({ id, governorWeight }) => ({ organisationId: id, weight: governorWeight }));
  return { ...committee, governors, proposalCount: 0, openProposals: [] };
}

/** spec GOV-2. */
export function encodeCommittee(committee: Committee): Uint8Array {
  return new Writer()
    .u8(RECORD_VERSION)
    .u8(committee.participationRate)
    .u8(committee.winRate)
    .list(committee.governors, (w, { organisationId, weight }) => w.bytes(asciiBytes(organisationId)).u32(weight))
    .u64(committee.proposalCount)
    .list(committee.openProposals, (w, { id, organisationId, deadline }) =>
      w.u64(id).bytes(asciiBytes(organisationId)).u64(deadline),
    )
    .finish();
}

export function decodeCommittee(bytes: Uint8Array): Result<Committee, ProtocolFailure> {
  const reader = new Reader(bytes, 'committee');
  readVersion(reader);
  const participationRate = reader.u8();
  const winRate = reader.u8();
  const governors = reader.list(GENESIS_ORGANISATION_COUNT_MAX, (r) => ({
    organisationId: readAscii(r, IDENTIFIER_SIZE_MAX),
    weight: r.u32(),
  }));
  const proposalCount = reader.u64();
  const openProposals = reader.list(OPEN_PROPOSAL_COUNT_MAX + GENESIS_ORGANISATION_COUNT_MAX, (r) => ({
    id: r.u64(),
    organisationId: readAscii(r, IDENTIFIER_SIZE_MAX),
    deadline: r.height(),
  }));
  return reader.finish({ participationRate, winRate, governors, proposalCount, openProposals });
}

export const totalGovernorWeight = ({ governors }: Committee): number =>
  governors.reduce((sum, { weight }) => sum + weight, 0);

/** The governor for which an account votes. */
export function governorOf(committee: Committee, registry: Registry, account: AddressHex): Governor | undefined {
  const organisation = organisationOf(registry, account);
  return committee.governors.find(({ organisationId }) => organisationId === organisation?.id);
}

/**
 * What the governors say by the ballots of their accounts (spec GOV-21): one says yes (or no) when as many of its present
 * admin accounts as its threshold have. Accounts that act for no governor any more do not count.
 */
export function tallyOf(committee: Committee, registry: Registry, ballots: readonly Ballot[]): Tally {
  let agree = 0;
  let against = 0;
  for (const { organisationId, weight } of committee.governors) {
    const organisation = registry.organisations.find(({ id }) => id === organisationId);
    const own = ballots.filter(({ voter }) => organisation?.admins.includes(voter) === true);
    const threshold = organisation?.threshold ?? Number.POSITIVE_INFINITY;
    if (own.filter(({ agrees }) => agrees).length >= threshold) agree += weight;
    else if (own.filter(({ agrees }) => !agrees).length >= threshold) against += weight;
  }
  return { agree, against, total: totalGovernorWeight(committee) };
}

/**
 * Outcome of a tally (spec GOV-22). Passed: enough weight has voted, and enough of it agrees; a risky proposal needs two
 * thirds of all weight besides. Denied: it cannot pass any more, whoever agrees yet.
 */
export function outcomeOf(committee: Committee, tally: Tally, isRisky: boolean): 'open' | 'passed' | 'denied' {
  if (isEnough(committee, tally, isRisky)) return 'passed';
  const best = { ...tally, agree: tally.total - tally.against };
  return isEnough(committee, best, isRisky) ? 'open' : 'denied';
}

function isEnough({ participationRate, winRate }: Committee, tally: Tally, isRisky: boolean): boolean {
  const { agree, against, total } = tally;
  const done = agree + against;
  if (agree === 0 || done * 100 < total * participationRate || agree * 100 < winRate * done) return false;
  return !isRisky || agree * 3 >= total * 2;
}

/** Governors that could prevent every proposal alone, by not voting or by voting no. */
export function blockingGovernors(committee: Committee): readonly string[] {
  const total = totalGovernorWeight(committee);
  const needed = Math.max(committee.participationRate, committee.winRate);
  return committee.governors
    .filter(({ weight }) => (total - weight) * 100 < total * needed)
    .map(({ organisationId }) => organisationId);
}

/** Governors that could pass a proposal alone while others exist. */
export function decidingGovernors(committee: Committee): readonly string[] {
  if (committee.governors.length < 2) return [];
  const total = totalGovernorWeight(committee);
  return committee.governors
    .filter(({ weight }) => weight * 100 >= total * committee.participationRate)
    .map(({ organisationId }) => organisationId);
}
