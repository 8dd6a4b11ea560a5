/** Deliberate faults of the replica, each a small patch that breaks one rule (consensus reference, section 11). */
import type { Patch } from './patched-replica.ts';

export type Mutant = { readonly name: string; readonly rule: string; readonly patches: readonly Patch[] };

export const BROKEN_QUORUM: Mutant = {
  name: 'quorum',
  rule: 'section 2',
  patches: [{ file: 'quorum.ts', find: 'return (sum - (sum % 2)) / 2 + 1;', replace: 'return (sum - (sum % 2)) / 2;' }],
};

export const MUTANTS: readonly Mutant[] = [
  BROKEN_QUORUM,
  {
    name: 'certificate forgotten at restart',
    rule: 'durable list',
    patches: [
      {
        file: 'term.ts',
        find: '  termState.highestPrepared = durable.preparedCertificate;\n',
        replace: '',
      },
    ],
  },
  {
    name: 'own PREPAREs forgotten at restart',
    rule: 'durable list',
    patches: [
      {
        file: 'term.ts',
        find: 'for (const vote of durable.votes) {',
        replace: 'for (const vote of [] as typeof durable.votes) {',
      },
    ],
  },
  {
    name: 'highest height instead of highest (view, height)',
    rule: 'V6',
    patches: [
      {
        file: 'view-change.ts',
        find: 'if (highest === undefined || certificate.view > highest.view) highest = certificate;\n    else if (certificate.view === highest.view && certificate.height > highest.height) highest = certificate;',
        replace: 'if (highest === undefined || certificate.height > highest.height) highest = certificate;',
      },
      {
        file: 'state.ts',
        find: 'return a.view !== b.view ? a.view - b.view : a.height - b.height;',
        replace: 'return a.height - b.height;',
      },
    ],
  },
  {
    name: 'no parent check',
    rule: 'N2',
    patches: [
      {
        file: 'normal-case.ts',
        find: "  if (proposal.parentDigest !== parent.digest) return 'its parent is not what was prepared or final below it';\n",
        replace: '',
      },
      {
        file: 'safety.ts',
        find: 'assert(parent === proposal.parentDigest, `the parent',
        replace: 'assert(parent !== undefined, `the parent',
      },
    ],
  },
  {
    name: 'escalates without a quorum',
    rule: 'V5',
    patches: [
      {
        file: 'timers.ts',
        find: 'return weightWhere(info, (index) => index === self || (peers[index]?.view ?? 0) >= view) >= info.quorum;',
        replace: 'return info !== undefined && self !== undefined && peers !== undefined && view >= 0;',
      },
    ],
  },
  {
    name: 'no join on more than F',
    rule: 'V4',
    patches: [
      {
        file: 'view-change.ts',
        find: 'if (target !== undefined && target > termState.view) {',
        replace: 'if (target !== undefined && target > termState.view + 2 ** 50) {',
      },
    ],
  },
  {
    name: 'joins on one',
    rule: 'V4',
    patches: [
      {
        file: 'view-change.ts',
        find: '(peers[index]?.view ?? 0) >= view) > info.maxFaulty;',
        replace: '(peers[index]?.view ?? 0) >= view) > 0;',
      },
    ],
  },
  {
    name: 'leaves a view alone',
    rule: 'V3',
    patches: [
      { file: 'view-change.ts', find: 'if (weight <= info.maxFaulty) return;', replace: 'if (weight <= 0) return;' },
    ],
  },
  {
    name: 'VIEW-CHANGE is not resent',
    rule: 'R1',
    patches: [
      {
        file: 'resend.ts',
        find: "if (changing) castViewChange(step, 'all');",
        replace: 'void changing, castViewChange;',
      },
    ],
  },
  {
    name: 'tip forgotten at restart',
    rule: 'durable list',
    patches: [
      {
        file: 'term.ts',
        find: 'termState.tip = stored.newView?.certificate === undefined ? undefined : claimOf(stored.newView.certificate);',
        replace: 'void claimOf;',
      },
    ],
  },
  {
    name: 'highest certificate dropped when final',
    rule: 'durable list',
    patches: [
      {
        file: 'term.ts',
        find: '  termState.proposalIdle = false;\n  pruneProposals(state);',
        replace:
          '  if ((termState.highestPrepared?.height ?? 0) <= stable) termState.highestPrepared = undefined;\n  termState.proposalIdle = false;\n  pruneProposals(state);',
      },
    ],
  },
  {
    name: 'timer counts from the final height',
    rule: 'V1',
    patches: [
      {
        file: 'timers.ts',
        find: 'const next = termState.decidedHeight + 1;',
        replace: 'const next = state.head.height + 1;',
      },
    ],
  },
  {
    name: 'a lost store votes',
    rule: 'T3',
    patches: [
      {
        file: 'voting-right.ts',
        find: "if (state.voteStore.type === 'lost') return 'vote store lost';\n",
        replace: '',
      },
    ],
  },
  {
    name: 'RESULT after divergence',
    rule: 'N7',
    patches: [
      {
        file: 'result.ts',
        find: 'if (quorumHash !== undefined && quorumHash !== blockHash) {',
        replace: 'if (quorumHash === blockHash && height < 0) {',
      },
    ],
  },
];
