/** Faults of counting, proposing, voting and deciding: sections 2 and 5 of docs/spec/pbft.md. */
import { inFile, type Mutant } from './mutant.ts';

export const BROKEN_QUORUM: Mutant = {
  name: 'quorum is one vote too small',
  rule: 'S. 2',
  patches: [inFile('consensus/quorum.ts', 'return (sum - (sum % 2)) / 2 + 1;', 'return (sum - (sum % 2)) / 2;')],
};

export const QUORUM_MUTANTS: readonly Mutant[] = [
  BROKEN_QUORUM,
  {
    name: 'F is one too large',
    rule: 'S. 2',
    patches: [
      inFile(
        'consensus/quorum.ts',
        'return { weights: [...weights], total, maxFaulty: maxFaultyWeight(total),',
        'return { weights: [...weights], total, maxFaulty: maxFaultyWeight(total) + 1,',
      ),
    ],
  },
  {
    name: 'one sender counts as often as it sends',
    rule: 'S. 2',
    patches: [
      inFile(
        'consensus/quorum.ts',
        "if (first !== undefined) return first.digest === digest ? 'duplicate' : 'conflict';",
        'void first;',
      ),
      inFile(
        'consensus/reject.ts',
        "if (first !== undefined && isProven(state, message)) return 'PBFT_DUPLICATE';\n  return first?.digest === message.digest ? 'PBFT_DUPLICATE' : undefined;",
        'void first;\n  return undefined;',
      ),
      inFile(
        'consensus/reject.ts',
        "return first?.digest === message.blockHash ? 'PBFT_DUPLICATE' : undefined;",
        'void first;\n  return undefined;',
      ),
    ],
  },
  {
    name: 'a second, different vote of one sender counts as well',
    rule: 'S. 2',
    patches: [
      inFile(
        'consensus/quorum.ts',
        "if (first !== undefined) return first.digest === digest ? 'duplicate' : 'conflict';",
        "if (first?.digest === digest) return 'duplicate';",
      ),
    ],
  },
  {
    name: 'a certificate may name one signer twice',
    rule: 'S. 2',
    patches: [
      inFile(
        'consensus/quorum.ts',
        'if (own === undefined || index <= last) return undefined;',
        'if (own === undefined || index < last) return undefined;',
      ),
    ],
  },
  {
    name: 'a PROPOSAL of anybody counts',
    rule: 'N2',
    patches: [
      inFile(
        'consensus/reject.ts',
        "  if (view < state.termState.view) return 'PBFT_STALE_VIEW';\n  if (message.sender !== primaryOf(termOf(state), view)) return 'PBFT_NOT_PRIMARY';",
        "  if (view < state.termState.view) return 'PBFT_STALE_VIEW';",
      ),
    ],
  },
  {
    name: 'the parent is not looked at',
    rule: 'N2',
    patches: [
      inFile(
        'consensus/normal-case.ts',
        "  if (proposal.parentDigest !== parent.digest) return 'its parent is not what was prepared or final below it';\n",
        '',
      ),
      inFile(
        'consensus/safety.ts',
        'assert(parent === proposal.parentDigest, `the parent',
        'assert(parent !== undefined, `the parent',
      ),
    ],
  },
  {
    name: 'the time need not be above the parent’s',
    rule: 'N2',
    patches: [
      inFile(
        'consensus/normal-case.ts',
        "if (proposal.timestamp <= parent.timestamp) return 'its time is not above its parent’s';",
        '',
      ),
    ],
  },
  {
    name: 'a proposal from the future is voted on at once',
    rule: 'N2',
    patches: [
      inFile(
        'consensus/normal-case.ts',
        'return entry.proposal.timestamp > state.clockMs + termOf(state).parameters.clockSkewMs;',
        'return false;',
      ),
    ],
  },
  {
    name: 'a PREPARE for each proposal of the height',
    rule: 'N2',
    patches: [
      inFile(
        'consensus/normal-case.ts',
        "    if (known !== undefined) reportEvidence(step, 'proposal', message.sender, { first: known, second: message });\n    return;",
        '    void known;\n    termState.ownPrepares.delete(height);',
      ),
    ],
  },
  {
    name: 'heights above the window are proposed and voted on',
    rule: 'N1, N2',
    patches: [
      inFile(
        'consensus/state.ts',
        'Math.min(state.head.height + termOf(state).parameters.window, termOf(state).endHeight) as Height;',
        'Math.min(state.head.height + 4 * termOf(state).parameters.window, termOf(state).endHeight) as Height;',
      ),
      inFile(
        'consensus/reject.ts',
        'if (heightOf(message) > stableOf(state) + termOf(state).parameters.window) return true;',
        '',
      ),
    ],
  },
  {
    name: 'a term does not drain at its end',
    rule: 'N2, T1',
    patches: [
      inFile(
        'consensus/state.ts',
        'Math.min(state.head.height + termOf(state).parameters.window, termOf(state).endHeight) as Height;',
        '(state.head.height + termOf(state).parameters.window) as Height;',
      ),
      inFile(
        'consensus/reject.ts',
        "return height > termOf(state).endHeight ? 'PBFT_MALFORMED' : undefined;",
        'return undefined;',
      ),
    ],
  },
  {
    name: 'COMMIT on more than F PREPAREs',
    rule: 'N3',
    patches: [
      inFile(
        'consensus/normal-case.ts',
        'const digest = votes.quorumDigest();',
        'const digest = votes.digestAbove(createQuorumInfo(termOf(step.state).validators.map(({ weight }) => weight)).maxFaulty);',
      ),
      inFile(
        'consensus/normal-case.ts',
        "import { VoteSet } from './quorum.ts';",
        "import { createQuorumInfo, VoteSet } from './quorum.ts';",
      ),
      inFile(
        'consensus/quorum.ts',
        '  /** Signatures for `digest` by strictly increasing index. */',
        '  digestAbove(least: number): HashHex | undefined {\n    for (const [digest, weight] of this.#weights) if (weight > least) return digest;\n    return undefined;\n  }\n',
      ),
    ],
  },
  {
    name: 'COMMIT without keeping the certificate',
    rule: 'N3',
    patches: [
      inFile('consensus/normal-case.ts', '    keepHighest(step, certificate);\n    castCommit', '    castCommit'),
      inFile(
        'consensus/safety.ts',
        "  assert(kept, 'a prepared certificate was expected to be kept before its COMMIT (S3)');\n",
        '  void kept;\n',
      ),
      inFile('consensus/invariants.ts', 'assert(isCovered,', 'assert(isCovered || height > 0,'),
    ],
  },
  {
    name: 'the first certificate is kept, not the highest',
    rule: 'N3',
    patches: [
      inFile(
        'consensus/normal-case.ts',
        'if (termState.highestPrepared !== undefined && compareClaims(certificate, termState.highestPrepared) <= 0) return;',
        'if (termState.highestPrepared !== undefined) {\n    void compareClaims;\n    return;\n  }',
      ),
      inFile(
        'consensus/safety.ts',
        "  assert(kept, 'a prepared certificate was expected to be kept before its COMMIT (S3)');\n",
        '  void kept;\n',
      ),
      inFile('consensus/invariants.ts', 'assert(isCovered,', 'assert(isCovered || height > 0,'),
    ],
  },
  {
    name: 'decided by PREPAREs already',
    rule: 'N4',
    patches: [
      inFile(
        'consensus/decide.ts',
        'countCommits(step, termState.commits, termState.view);',
        'countCommits(step, termState.prepares, termState.view);',
      ),
    ],
  },
  {
    name: 'COMMITs are summed over views',
    rule: 'N4',
    patches: [
      inFile(
        'consensus/view-change.ts',
        'for (const map of [termState.prepares, termState.commits, termState.candidates, termState.certificates]) map.clear();',
        'for (const map of [termState.prepares, termState.candidates, termState.certificates]) map.clear();',
      ),
    ],
  },
  {
    name: 'RESULT of what is prepared, not decided',
    rule: 'N5',
    patches: [
      inFile(
        'consensus/result.ts',
        "const digest = termState.decided.get(height);\n    const entry = digest === undefined ? undefined : termState.proposals.get(digest);\n    if (entry === undefined || state.stopped === 'diverged') return;",
        "const digest = termState.decided.get(height) ?? termState.certificates.get(height)?.digest;\n    const entry = digest === undefined ? undefined : termState.proposals.get(digest);\n    if (entry === undefined || state.stopped === 'diverged') return;",
      ),
      inFile(
        'consensus/result.ts',
        'if (input.height <= stableOf(step.state) || termState.decided.get(input.height) !== input.digest) return;',
        'if (input.height <= stableOf(step.state)) return;',
      ),
      inFile(
        'consensus/safety.ts',
        'assert(termState.decided.has(height),',
        'assert(termState.decided.has(height) || height > 0,',
      ),
    ],
  },
  {
    name: 'RESULT after divergence',
    rule: 'N7',
    patches: [
      inFile(
        'consensus/result.ts',
        'if (votes !== undefined && quorumHash !== undefined && quorumHash !== blockHash) {',
        'if (votes !== undefined && quorumHash === blockHash && height < 0) {',
      ),
    ],
  },
  {
    name: 'another final block than the own result is taken without a word',
    rule: 'N7',
    patches: [
      inFile(
        'consensus/term.ts',
        'if (own === undefined || own === head.blockHash) return;',
        'if (own !== undefined || own === undefined) return;',
      ),
    ],
  },
];
