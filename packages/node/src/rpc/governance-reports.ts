import type { LedgerReader, StateSnapshot } from '@hansa/ledger';
import {
  describeAction,
  organisationOf,
  type Proposal,
  type Registry,
  readCommittee,
  readHistoryCount,
  readHistoryEntry,
  readProposal,
  statusAt,
  tallyOf,
} from '@hansa/membership';
import { ZERO_HASH } from '@hansa/primitives';
import type { HistoryReport, NodeReports, ProposalReport } from '@hansa/rpc';

/** Committee, proposals and the history of changes, as the state of the head has them. */
export function createGovernanceReports(
  reader: LedgerReader,
  registry: () => Registry,
): Pick<NodeReports, 'committee' | 'proposal' | 'membershipHistory'> {
  function read<T>(use: (state: StateSnapshot) => T): T {
    const state = reader.snapshot();
    try {
      return use(state);
    } finally {
      void state.close();
    }
  }

  return {
    committee: () =>
      read((state) => {
        const { participationRate, winRate, governors, proposalCount, openProposals } = readCommittee(state);
        return {
          participationRate,
          winRate,
          governors: governors.map(({ organisationId, weight }) => ({ organisation: organisationId, weight })),
          proposalCount,
          openProposals: openProposals.map(({ id }) => id),
        };
      }),
    proposal: (id) =>
      read((state) => {
        const proposal = readProposal(state, id);
        return proposal === undefined ? undefined : proposalReport(state, proposal, registry());
      }),
    membershipHistory: (index, count) =>
      read((state) => {
        const end = Math.min(index + count, readHistoryCount(state));
        const entries: HistoryReport[] = [];
        for (let at = index; at < end; at++) {
          const entry = readHistoryEntry(state, at);
          if (entry === undefined) break;
          const { transactionHash } = entry;
          entries.push({
            ...entry,
            index: at,
            transactionHash: transactionHash === ZERO_HASH ? null : `0x${transactionHash}`,
          });
        }
        return entries;
      }),
  };
}

function proposalReport(state: StateSnapshot, proposal: Proposal, registry: Registry): ProposalReport {
  const committee = readCommittee(state);
  const { organisationId, proposer, actions, ballots, ...rest } = proposal;
  return {
    ...rest,
    organisation: organisationId,
    proposer: `0x${proposer}`,
    actions: actions.map((action) => ({ type: action.type, text: describeAction(action) })),
    ballots: ballots.map(({ voter, agrees }) => ({
      voter: `0x${voter}`,
      organisation: organisationOf(registry, voter)?.id ?? null,
      agrees,
    })),
    votes: tallyOf(committee, registry, ballots),
    status: statusAt(proposal, state.header.height),
  };
}
