import type { AssessmentReport, ProposalReport } from '@hansa/rpc';
import { type Output, renderTable } from '../output.ts';

const STATUS_TEXT: Readonly<Record<ProposalReport['status'], string>> = {
  open: 'open: governors vote',
  waiting: 'passed: waits until the validators have attested its candidates',
  passed: 'passed',
  denied: 'denied',
  revoked: 'revoked',
  outdated: 'outdated: its time was over before it was decided',
};

/** A proposal for people: what it changes, what the chain can bear before and after, who has voted. */
export function showProposal(proposal: ProposalReport, output: Output): void {
  const { id, organisation, status, code, deadline, effect, votes } = proposal;
  const outcome =
    status === 'passed' && code !== 0 ? `passed, but could not be carried out (${code})` : STATUS_TEXT[status];
  output.line(`proposal ${id} of ${organisation}: ${outcome}`);
  if (proposal.reason !== '') output.line(`  "${proposal.reason}"`);
  for (const { text } of proposal.actions) output.line(`  ${text}`);
  output.line();
  output.line(renderTable(['', 'before', 'after'], assessmentRows(effect.before, effect.after)));
  for (const risk of effect.risks) output.line(`RISK: ${risk}`);
  output.line();
  for (const { voter, organisation: of, agrees } of proposal.ballots)
    output.line(`  ${agrees ? 'yes' : 'no '}  ${of ?? 'nobody'} (${voter})`);
  output.line(`votes: ${votes.agree} yes, ${votes.against} no, of ${votes.total}; until block ${deadline}`);
}

export function assessmentRows(before: AssessmentReport, after: AssessmentReport): readonly (readonly string[])[] {
  const row = (name: string, read: (assessment: AssessmentReport) => string): readonly string[] => [
    name,
    read(before),
    read(after),
  ];
  return [
    row('validators', ({ validatorCount }) => String(validatorCount)),
    row('weight', ({ totalWeight }) => String(totalWeight)),
    row('weight that decides', ({ quorumWeight }) => String(quorumWeight)),
    row('faulty ones tolerated', ({ toleratedFaults }) => String(toleratedFaults)),
    row('may be away', ({ toleratedAbsences }) => String(toleratedAbsences)),
    row('could stop the chain alone', ({ blockingAlone }) => blockingAlone.join(' ') || 'nobody'),
    row('in pairs', ({ blockingPairs, blockingPairCount }) => pairText(blockingPairs, blockingPairCount)),
  ];
}

const PAIRS_SHOWN = 3;

function pairText(pairs: readonly (readonly string[])[], count: number): string {
  if (count === 0) return 'nobody';
  const shown = pairs.slice(0, PAIRS_SHOWN).map((pair) => pair.join('+'));
  return count > shown.length ? `${shown.join(' ')} and ${count - shown.length} more` : shown.join(' ');
}
