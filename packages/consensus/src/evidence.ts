import type { ValidatorIndex } from '@hansa/primitives';
import type { PbftMessage } from '@hansa/protocol';
import type { PbftReport } from './effect.ts';
import { nodeIdOf, report, type Step, stopVoting } from './state.ts';

type EvidenceKind = Extract<PbftReport, { type: 'evidence' }>['kind'];

export const evidenceKey = (kind: EvidenceKind, sender: ValidatorIndex): string => `${kind}/${sender}`;

/** Reports two messages that an honest validator never signs both; once per (sender, kind) and term, so that it stays bounded. */
export function reportEvidence(
  step: Step,
  kind: EvidenceKind,
  sender: ValidatorIndex,
  messages: { readonly first: PbftMessage; readonly second: PbftMessage },
): void {
  const { termState } = step.state;
  const key = evidenceKey(kind, sender);
  if (termState.evidence.has(key)) return;
  termState.evidence.add(key);
  report(step, { type: 'evidence', kind, sender, nodeId: nodeIdOf(step.state, sender), ...messages });
}

/** A message that is signed with my key and that I did not send: somebody else votes with it (docs/spec/pbft.md, section 8). */
export function stopForSecondCopy(step: Step, detail: string): void {
  // After a loss of the vote store my own earlier votes are strange to me, and I am silent anyway.
  if (step.state.voteStore.type !== 'intact' || step.state.pendingDurable !== undefined) return;
  stopVoting(step, 'second copy', { type: 'secondCopy', detail });
}
