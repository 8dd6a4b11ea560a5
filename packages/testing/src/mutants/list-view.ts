/** Faults of timers, view changes and resending: sections 6 and 8 of docs/spec/pbft.md. */
import { inFile, type Mutant } from './mutant.ts';

export const VIEW_MUTANTS: readonly Mutant[] = [
  {
    name: 'time-outs grow without a cap',
    rule: 'V1',
    patches: [
      inFile('consensus/timers.ts', 'i < count && ms < cap;', 'i < count && ms < 1_000 * cap;'),
      inFile('consensus/timers.ts', 'return Math.min(ms, cap);', 'return ms;'),
    ],
  },
  {
    name: 'the timer counts from the final height',
    rule: 'V1',
    patches: [
      inFile('consensus/timers.ts', 'const next = termState.decidedHeight + 1;', 'const next = state.head.height + 1;'),
    ],
  },
  {
    name: 'the timer runs while this node is behind a final block',
    rule: 'V1',
    patches: [
      inFile(
        'consensus/timers.ts',
        'return next <= highestVotable(state) && hasOpenOrder(state) && !isBehindFinal(state);',
        'return next <= highestVotable(state) && hasOpenOrder(state);',
      ),
    ],
  },
  {
    name: 'one STATUS is believed to be ahead',
    rule: 'V1',
    patches: [
      inFile('consensus/timers.ts', 'if (weight > info.maxFaulty) return true;', 'if (weight > 0) return true;'),
    ],
  },
  {
    name: 'what is prepared or certified starts no timer',
    rule: 'V1',
    patches: [
      inFile(
        'consensus/timers.ts',
        '  for (const height of termState.ownPrepares.keys()) if (height > termState.decidedHeight) return true;\n',
        '',
      ),
      inFile(
        'consensus/timers.ts',
        '  for (const height of termState.certificates.keys()) if (height > termState.decidedHeight) return true;\n',
        '',
      ),
      inFile('consensus/timers.ts', '  if ((termState.tip?.height ?? 0) > termState.decidedHeight) return true;\n', ''),
    ],
  },
  {
    name: 'censorship is never complained of',
    rule: 'V2',
    patches: [
      inFile(
        'consensus/timers.ts',
        "  suspect(step, termOf(state).endHeight, 'overtaken');",
        "  if (termOf(state).endHeight < 0) suspect(step, termOf(state).endHeight, 'overtaken');",
      ),
    ],
  },
  {
    name: 'a complaint names the decided height',
    rule: 'V2',
    patches: [
      inFile(
        'consensus/timers.ts',
        "  suspect(step, termOf(state).endHeight, 'overtaken');",
        "  suspect(step, termState.decidedHeight, 'overtaken');",
      ),
    ],
  },
  {
    name: 'a complaint that came to nothing is repeated for ever',
    rule: 'V2',
    patches: [
      inFile(
        'consensus/timers.ts',
        "    if (termState.ownSuspect?.reason === 'overtaken') termState.ownSuspect = undefined;\n",
        '',
      ),
    ],
  },
  {
    name: 'leaves a view alone',
    rule: 'V3',
    patches: [inFile('consensus/view-change.ts', 'if (weight <= info.maxFaulty) return;', 'if (weight <= 0) return;')],
  },
  {
    name: 'a SUSPECT of one that is behind counts',
    rule: 'V3',
    patches: [
      inFile(
        'consensus/view-change.ts',
        'return peer.suspect?.view === termState.view && peer.suspect.decidedHeight >= termState.decidedHeight;',
        'return peer.suspect?.view === termState.view;',
      ),
    ],
  },
  {
    name: 'votes below its own VIEW-CHANGE',
    rule: 'V3, S4',
    patches: [
      inFile(
        'consensus/view-change.ts',
        '  if (!termState.changing) moveToPrevious(state);\n  enter(state, view);\n  termState.changing = true;',
        '  const left = termState as typeof termState & { left?: number };\n  if (left.left === view) return;\n  left.left = view;\n  const { view: old, newView, tip } = termState;\n  termState.view = view;\n  termState.changing = true;',
      ),
      inFile(
        'consensus/view-change.ts',
        "  castViewChange(step, 'all');\n  // Whoever",
        "  castViewChange(step, 'all');\n  termState.view = old;\n  termState.changing = false;\n  termState.newView = newView;\n  termState.tip = tip;\n  // Whoever",
      ),
      inFile(
        'consensus/view-change.ts',
        'if (message.sender === termState.self && message.view > termState.view) {',
        'if (message.sender === termState.self && message.view > termState.view + 1) {',
      ),
    ],
  },
  {
    name: 'no join on more than F',
    rule: 'V4',
    patches: [
      inFile(
        'consensus/view-change.ts',
        'if (target !== undefined && target > termState.view) {',
        'if (target !== undefined && target > termState.view + 2 ** 50) {',
      ),
    ],
  },
  {
    name: 'joins on one',
    rule: 'V4',
    patches: [
      inFile(
        'consensus/view-change.ts',
        'peerOf(state, index).view >= view) > info.maxFaulty;',
        'peerOf(state, index).view >= view) > 0;',
      ),
    ],
  },
  {
    name: 'escalates without a quorum',
    rule: 'V5',
    patches: [
      inFile('consensus/timers.ts', 'return weightAt(state) >= termState.info.quorum;', 'return weightAt(state) > 0;'),
    ],
  },
  {
    name: 'highest height instead of highest (view, height)',
    rule: 'V6',
    patches: [
      inFile(
        'consensus/view-change.ts',
        'if (highest === undefined || certificate.view > highest.view) highest = certificate;\n    else if (certificate.view === highest.view && certificate.height > highest.height) highest = certificate;',
        'if (highest === undefined || certificate.height > highest.height) highest = certificate;',
      ),
      inFile(
        'consensus/state.ts',
        'return a.view !== b.view ? a.view - b.view : a.height - b.height;',
        'return a.height - b.height;',
      ),
    ],
  },
  {
    name: 'the tip is the primary’s own certificate',
    rule: 'V6',
    patches: [
      inFile(
        'consensus/view-change.ts',
        'const certificate = highestCertificate(changes);',
        'const certificate = highestCertificate(changes.filter(({ sender }) => sender === self));',
      ),
    ],
  },
  {
    name: 'VIEW-CHANGEs for different views open one',
    rule: 'V6, V7',
    patches: [
      inFile(
        'consensus/view-change.ts',
        'peers.flatMap(({ viewChange }) => (viewChange?.view === view ? [viewChange] : []));',
        'peers.flatMap(({ viewChange }) => (viewChange !== undefined ? [viewChange] : []));',
      ),
      inFile(
        'consensus/view-change.ts',
        'if (weightWhere(info, (index) => peers[index]?.viewChange?.view === view) < info.quorum) return;',
        'if (weightWhere(info, (index) => peers[index]?.viewChange !== undefined) < info.quorum) return;',
      ),
      inFile(
        'consensus/reject.ts',
        "if (claim.view !== message.view || claim.term !== message.term) return 'PBFT_MALFORMED';",
        "if (claim.term !== message.term) return 'PBFT_MALFORMED';",
      ),
    ],
  },
  {
    name: 'VIEW-CHANGE without its claim',
    rule: 'V6',
    patches: [
      inFile(
        'consensus/safety.ts',
        "const claim = certificate === undefined ? undefined : claimOf(certificate);\n  send(step, to, { type: 'view-change', term: termOf(state).term, sender, view: termState.view, claim, certificate });",
        "send(step, to, {\n    type: 'view-change',\n    term: termOf(state).term,\n    sender,\n    view: termState.view,\n    claim: undefined,\n    certificate: certificate === undefined ? certificate : undefined,\n  });",
      ),
    ],
  },
  {
    name: 'the tip of a NEW-VIEW is believed',
    rule: 'V7',
    patches: [
      inFile(
        'consensus/reject.ts',
        "  if (tip !== undefined && (message.certificate === undefined || !certified)) return 'PBFT_MALFORMED';\n",
        '  void certified;\n',
      ),
      inFile(
        'consensus/reject.ts',
        "return isWrongCertificate(state, message.certificate, highest) ? 'PBFT_MALFORMED' : undefined;\n}\n\nfunction rejectStatus",
        'void highest;\n  return undefined;\n}\n\nfunction rejectStatus',
      ),
    ],
  },
  {
    name: 'a NEW-VIEW with less than a quorum of claims is accepted',
    rule: 'V7',
    patches: [
      inFile(
        'consensus/reject.ts',
        "if (message.view === 0 || weight === undefined || weight < info.quorum) return 'PBFT_MALFORMED';",
        "if (message.view === 0 || weight === undefined || weight < info.quorum - 1) return 'PBFT_MALFORMED';",
      ),
    ],
  },
  {
    name: 'ancestors of the tip are voted on one by one',
    rule: 'V8',
    patches: [
      inFile(
        'consensus/view-change.ts',
        "  const top = chain.entries.at(-1);\n  assert(top !== undefined, 'a tip above the final block was expected to have a chain');\n  castPrepare(step, top.proposal, top.digest);",
        '  for (const { proposal, digest } of chain.entries) {\n    if (!termState.ownPrepares.has(proposal.height)) castPrepare(step, proposal, digest);\n  }',
      ),
      inFile(
        'consensus/safety.ts',
        "assert(height === tip.height && digest === tip.digest, 'the first vote of a view was expected on its tip (S2)');",
        'void tip;',
      ),
      inFile('consensus/normal-case.ts', '|| height < (termState.tip?.height ?? 0)) continue;', ') continue;'),
      inFile(
        'consensus/invariants.ts',
        'const isAllowed = tip === undefined || height >= tip.height;',
        'const isAllowed = tip === undefined || height >= 0;',
      ),
    ],
  },
  {
    name: 'votes above the tip before the vote on it',
    rule: 'V8',
    patches: [
      inFile(
        'consensus/normal-case.ts',
        'if (tipHeight > stableOf(state) && !termState.ownPrepares.has(tipHeight as Height)) return;',
        '',
      ),
    ],
  },
  {
    name: 'the clock is asked again about what is certified',
    rule: 'V8',
    patches: [inFile('consensus/bodies.ts', '    entry.vouched = true;\n', '')],
  },
  {
    name: 'VIEW-CHANGE is not resent',
    rule: 'R1',
    patches: [
      inFile(
        'consensus/resend.ts',
        "if (changing && isViewBacked(state)) castViewChange(step, 'all');",
        'void changing;\n  void isViewBacked;\n  void castViewChange;',
      ),
    ],
  },
  {
    name: 'votes are not resent',
    rule: 'R1',
    patches: [
      inFile(
        'consensus/resend.ts',
        "if (state.stableAtResend === stableOf(state)) resendVotes(step, 'all', NOTHING);",
        'void NOTHING;',
      ),
      inFile(
        'consensus/resend.ts',
        '  // Whatever its view: RESULTs are bound to none.\n  resendVotes(step, to, misses);\n',
        '  void resendVotes;\n',
      ),
    ],
  },
  {
    name: 'a decision is not passed on',
    rule: 'R2',
    patches: [
      inFile(
        'consensus/resend.ts',
        'if (decision !== undefined && status.decidedHeight < decision.height) {',
        'if (decision !== undefined && status.decidedHeight < -decision.height) {',
      ),
    ],
  },
  {
    name: 'PROPOSAL and PC are not passed on',
    rule: 'R2',
    patches: [
      inFile('consensus/resend.ts', '    passOnProposals(step, to, misses.prepared);\n', '    void passOnProposals;\n'),
    ],
  },
  {
    name: 'NEW-VIEW is not passed on',
    rule: 'R2',
    patches: [
      inFile(
        'consensus/resend.ts',
        'if (status.view < termState.view || status.changing) passOnNewView(step, to);',
        'void passOnNewView;',
      ),
    ],
  },
  {
    name: 'each STATUS is answered, however many there are',
    rule: 'R2',
    patches: [
      inFile(
        'consensus/resend.ts',
        'peer.answeredTick === undefined || state.now - peer.answeredTick >= ticksOf(state, config.answerMsMin);',
        'peer.answeredTick === undefined || state.now >= 0;',
      ),
    ],
  },
  {
    name: 'does not ask for final blocks',
    rule: 'R3',
    patches: [
      inFile('consensus/resend.ts', '  if (ahead.length === 0) return;\n', '  if (ahead.length >= 0) return;\n'),
    ],
  },
  {
    name: 'nothing that comes early is kept',
    rule: 'R4',
    patches: [inFile('consensus/replica.ts', '    state.termState.buffer.push(message, state.now);\n', '')],
  },
  {
    name: 'the buffer of early messages has no limit',
    rule: 'R4',
    patches: [
      inFile('consensus/future-buffer.ts', 'if (queue.length >= this.#limit) {', 'if (queue.length >= 1_000_000) {'),
    ],
  },
  {
    name: 'early messages of one sender cost as many signatures as it sends',
    rule: 'R4',
    patches: [inFile('consensus/future-buffer.ts', 'const FILLS_PER_PERIOD = 4;', 'const FILLS_PER_PERIOD = 4_000;')],
  },
];
