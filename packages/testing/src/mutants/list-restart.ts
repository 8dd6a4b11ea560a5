/** Faults of what must survive a restart, of terms and of the right to vote: sections 4 and 7 of docs/spec/pbft.md. */
import { inFile, type Mutant } from './mutant.ts';

export const RESTART_MUTANTS: readonly Mutant[] = [
  {
    name: 'certificate forgotten at restart',
    rule: 'S. 4',
    patches: [
      inFile('consensus/term.ts', '  termState.highestPrepared = durable.preparedCertificate;\n', ''),
      inFile('consensus/invariants.ts', 'assert(isCovered,', 'assert(isCovered || height > 0,'),
    ],
  },
  {
    name: 'own PREPAREs and COMMITs forgotten at restart',
    rule: 'S. 4',
    patches: [
      inFile(
        'consensus/term.ts',
        'for (const vote of durable.votes) {',
        'for (const vote of [] as typeof durable.votes) {',
      ),
    ],
  },
  {
    name: 'own PROPOSALs forgotten at restart',
    rule: 'S. 4',
    patches: [
      inFile(
        'consensus/term.ts',
        'for (const proposal of durable.proposals) {',
        'for (const proposal of [] as typeof durable.proposals) {',
      ),
    ],
  },
  {
    name: 'own RESULTs forgotten at restart',
    rule: 'S. 4, N5',
    patches: [
      inFile(
        'consensus/term.ts',
        'for (const result of durable.results)\n',
        'for (const result of [] as typeof durable.results)\n',
      ),
    ],
  },
  {
    name: 'view forgotten at restart',
    rule: 'S. 4, S4',
    patches: [
      inFile(
        'consensus/term.ts',
        '  if (stored !== undefined) {\n',
        '  if (stored !== undefined && stored.view < 0) {\n',
      ),
    ],
  },
  {
    name: 'tip forgotten at restart',
    rule: 'S. 4, V8',
    patches: [
      inFile(
        'consensus/term.ts',
        'termState.tip = stored.newView?.certificate === undefined ? undefined : claimOf(stored.newView.certificate);',
        'void claimOf;',
      ),
    ],
  },
  {
    name: 'bodies forgotten at restart',
    rule: 'S. 4',
    patches: [
      inFile(
        'consensus/term.ts',
        'for (const { height, digest, proposal } of durable.bodies) {',
        'for (const { height, digest, proposal } of [] as typeof durable.bodies) {',
      ),
    ],
  },
  {
    name: 'highest certificate dropped when its height is final',
    rule: 'S. 4',
    patches: [
      inFile(
        'consensus/term.ts',
        '  termState.proposalIdle = false;\n  pruneProposals(state);',
        '  if ((termState.highestPrepared?.height ?? 0) <= stable) termState.highestPrepared = undefined;\n  termState.proposalIdle = false;\n  pruneProposals(state);',
      ),
      inFile(
        'consensus/invariants.ts',
        'highestPrepared !== undefined && compareClaims(highestPrepared, tip) >= 0,',
        'highestPrepared === undefined || compareClaims(highestPrepared, tip) >= 0 || tip.height >= 0,',
      ),
      inFile('consensus/invariants.ts', 'assert(isCovered,', 'assert(isCovered || height > 0,'),
    ],
  },
  {
    name: 'records given up before the ledger has the block',
    rule: 'S. 4',
    patches: [
      inFile(
        'consensus/result.ts',
        '    termState.commitSent = height;\n',
        "    termState.commitSent = height;\n    persist(step, { type: 'final', term: termOf(state).term, height });\n",
      ),
      inFile(
        'consensus/result.ts',
        "import { cover, markChanged, type Step, stableOf, stopVoting } from './state.ts';",
        "import { cover, markChanged, persist, type Step, stableOf, stopVoting, termOf } from './state.ts';",
      ),
    ],
  },
  {
    name: 'view and “changing” are not written',
    rule: 'S. 4, V3',
    patches: [
      inFile(
        'consensus/view-change.ts',
        "  termState.tip = undefined;\n  persistView(step);\n  castViewChange(step, 'all');",
        "  termState.tip = undefined;\n  castViewChange(step, 'all');",
      ),
    ],
  },
  {
    name: 'PREPARE is not written',
    rule: 'S. 4',
    patches: [
      inFile(
        'consensus/safety.ts',
        "  persist(step, { type: 'vote', kind: 'prepare', term, view, height, digest });\n",
        '',
      ),
    ],
  },
  {
    name: 'the certificate of a term before is still claimed',
    rule: 'T1',
    patches: [
      inFile(
        'consensus/term.ts',
        '  state.termState = createTermState(config, head.term, head.height);\n',
        '  const { highestPrepared } = state.termState;\n  state.termState = createTermState(config, head.term, head.height);\n  state.termState.highestPrepared = highestPrepared;\n',
      ),
    ],
  },
  {
    name: 'a lost store votes',
    rule: 'T3',
    patches: [
      inFile('consensus/voting-right.ts', "if (state.voteStore.type !== 'intact') return 'vote store lost';\n", ''),
    ],
  },
  {
    name: 'votes before its incarnation is acknowledged',
    rule: 'T3',
    patches: [
      inFile(
        'consensus/voting-right.ts',
        "return isAcknowledged(state) ? undefined : 'incarnation not acknowledged';",
        "return isAcknowledged(state) || state.termState.self !== undefined ? undefined : 'incarnation not acknowledged';",
      ),
    ],
  },
  {
    name: 'the barrier stands on one answer',
    rule: 'T3',
    patches: [
      inFile(
        'consensus/voting-right.ts',
        'if (weight === 0 || (weight < info.quorum && weight < others)) return;',
        'if (weight === 0 || others === 0) return;',
      ),
    ],
  },
  {
    name: 'the barrier leaves out the window',
    rule: 'T3',
    patches: [
      inFile(
        'consensus/voting-right.ts',
        'const baseAbove = (highest + parameters.window) as Height;',
        'const baseAbove = (highest - parameters.window) as Height;',
      ),
    ],
  },
  {
    name: 'a proof of a roll-back is ignored',
    rule: 'T3',
    patches: [
      inFile(
        'consensus/voting-right.ts',
        "if (state.voteStore.type === 'lost' || incarnation < state.config.incarnation) return;",
        'if (incarnation >= 0) return;',
      ),
    ],
  },
  {
    name: 'goes on beside a second process of its key',
    rule: 'S. 8',
    patches: [
      inFile(
        'consensus/evidence.ts',
        "stopVoting(step, 'second copy'",
        "if (detail.length === 0) stopVoting(step, 'second copy'",
      ),
    ],
  },
];
