import { assertNever } from '@hansa/primitives';
import type { PbftMessage, SignedClaim } from '@hansa/protocol';
import type { DurableRecord } from './durable.ts';
import type { PbftEffect, PbftReport, UnsignedPbftMessage } from './effect.ts';
import type { PbftInput } from './input.ts';
import { type ReplicaState, stableOf, termOf } from './state.ts';
import { silenceOf } from './voting-right.ts';

const short = (text: string): string => text.slice(0, 8);
const shortList = (list: readonly string[]): string => `[${list.map(short).join(' ')}]`;

/** One line for a log, a trace or a scenario file. */
export function describeInput(input: PbftInput): string {
  switch (input.type) {
    case 'tick':
      return `tick ${input.tick}`;
    case 'message':
      return `message ${describeMessage(input.message)} from ${short(input.from)}`;
    case 'otherTerm':
      return `otherTerm ${input.term} from ${short(input.from)}`;
    case 'propose':
      return `propose v${input.view} h${input.height} ${input.proposed === undefined ? 'nothing' : short(input.proposed.digest)}`;
    case 'validated':
      return `validated ${short(input.digest)} ${input.verdict.type}`;
    case 'body':
      return `body h${input.proposal.height} ${short(input.digest)}`;
    case 'executed':
      return `executed h${input.height} ${short(input.digest)} block ${short(input.blockHash)}`;
    case 'diverged':
      return `diverged h${input.height}: own ${short(input.ownBlockHash)}, quorum ${short(input.certificate.blockHash)}`;
    case 'committed':
      return `committed h${input.head.height} block ${short(input.head.blockHash)} term ${input.head.term.term}`;
    case 'poolState':
      return `poolState executable ${input.pool.hasExecutable} waiting ${input.pool.hasWaiting}`;
    case 'peerConnected':
      return `peerConnected ${short(input.nodeId)}`;
    case 'incarnationAcknowledged':
      return `incarnationAcknowledged ${input.incarnation} by ${short(input.nodeId)}`;
    case 'incarnationRefused':
      return `incarnationRefused ${input.incarnation} by ${short(input.nodeId)}`;
    case 'finalHeight':
      return `finalHeight ${input.height} of ${short(input.nodeId)}`;
    default:
      return assertNever(input);
  }
}

const describeClaim = (claim: SignedClaim['claim']): string =>
  claim === undefined ? 'none' : `v${claim.view} h${claim.height} ${short(claim.digest)}`;

export function describeMessage(message: PbftMessage | UnsignedPbftMessage): string {
  switch (message.type) {
    case 'proposal':
      return `PROPOSAL v${message.view} h${message.proposal.height} ${short(message.digest)} by ${message.sender}`;
    case 'prepare':
    case 'commit':
      return `${message.type.toUpperCase()} v${message.view} h${message.height} ${short(message.digest)} by ${message.sender}`;
    case 'result':
      return `RESULT h${message.height} ${short(message.blockHash)} by ${message.sender}`;
    case 'suspect':
      return `SUSPECT v${message.view} decided ${message.decidedHeight} by ${message.sender}`;
    case 'view-change':
      return `VIEW-CHANGE v${message.view} claim ${describeClaim(message.claim)} by ${message.sender}`;
    case 'new-view':
      return `NEW-VIEW v${message.view} tip ${describeClaim(message.certificate)} by ${message.sender}`;
    case 'status':
      return `STATUS v${message.view}${message.changing ? ' changing' : ''} stable ${message.stableHeight} decided ${message.decidedHeight} prepared ${message.preparedHeight} by ${message.sender}`;
    case 'prepared-certificate':
      return `PC ${describeClaim(message.certificate)}`;
    case 'commit-certificate':
      return `CC ${describeClaim(message.certificate)}`;
    default:
      return assertNever(message);
  }
}

export function describeEffect(effect: PbftEffect): string {
  switch (effect.type) {
    case 'persist':
      return `persist ${describeRecord(effect.record)}`;
    case 'send':
      return `send ${describeMessage(effect.vote)} to ${short(effect.to)}`;
    case 'sendSigned':
      return `pass on ${describeMessage(effect.message)} to ${short(effect.to)}`;
    case 'requestProposal':
      return `requestProposal v${effect.view} h${effect.height} on ${short(effect.parentDigest)}${effect.required ? ' required' : ''}`;
    case 'validate':
      return `validate h${effect.proposal.height} ${short(effect.digest)} ${effect.mode}`;
    case 'execute':
      return `execute h${effect.height} ${short(effect.digest)}`;
    case 'commit':
      return `commit h${effect.height} block ${short(effect.blockHash)} signed by ${effect.certificate.signatures.map((s) => s.index).join(',')}`;
    case 'fetch':
      return `fetch h${effect.height} ${short(effect.digest)} from ${shortList(effect.from)}`;
    case 'behind':
      return `behind h${effect.height} from ${shortList(effect.from)}`;
    case 'resendTransactions':
      return 'resendTransactions';
    case 'askAcknowledgement':
    case 'askFinalHeights':
      return `${effect.type} of ${shortList(effect.of)}`;
    case 'report':
      return `report ${describeReport(effect.report)}`;
    case 'status': {
      const { status } = effect;
      return `status term ${status.term} v${status.view}${status.changing ? ' changing' : ''} stable ${status.stableHeight} decided ${status.decidedHeight}${status.silence === undefined ? '' : ` silent: ${status.silence}`}`;
    }
    default:
      return assertNever(effect);
  }
}

function describeRecord(record: DurableRecord): string {
  switch (record.type) {
    case 'term':
      return `term ${record.term}`;
    case 'view':
      return `view ${record.view}${record.changing ? ' changing' : ''}${record.newView === undefined ? '' : ` with NEW-VIEW, tip ${describeClaim(record.newView.certificate)}`}`;
    case 'proposal':
      return `proposal v${record.view} h${record.height} ${short(record.digest)}`;
    case 'vote':
      return `${record.kind} v${record.view} h${record.height} ${short(record.digest)}`;
    case 'result':
      return `result h${record.height} ${short(record.blockHash)}`;
    case 'prepared-certificate':
      return `highest PC ${describeClaim(record.certificate)}`;
    case 'body':
      return `body h${record.height} ${short(record.digest)}`;
    case 'final':
      return `final h${record.height}`;
    case 'vote-store':
      return `vote store ${record.state.type}${record.state.type === 'barrier' ? ` above ${record.state.baseAbove}` : ''}`;
    default:
      return assertNever(record);
  }
}

function describeReport(report: PbftReport): string {
  switch (report.type) {
    case 'evidence':
      return `evidence: two of ${report.kind} by ${report.sender}`;
    case 'divergence':
      return `divergence at h${report.height}: own ${short(report.ownBlockHash)}, quorum ${short(report.quorumBlockHash)}`;
    case 'nondeterminism':
      return `nondeterminism at h${report.height}: signed ${short(report.signedBlockHash)}, now ${short(report.newBlockHash)}`;
    case 'secondCopy':
      return `second copy: ${report.detail}`;
    case 'safetyViolation':
      return `safety violation ${report.rule}: ${report.detail}`;
    case 'rolledBack':
      return `vote store rolled back: incarnation ${report.ownIncarnation}, seen ${report.seenIncarnation}`;
    case 'ledgerBehindVotes':
      return `ledger behind votes: store in term ${report.storeTerm}, ledger in ${report.ledgerTerm}`;
    case 'proposalRefused':
      return `proposal refused v${report.view} h${report.height} ${short(report.digest)}: ${report.reason}`;
    case 'limitReached':
      return `limit reached: ${report.what}`;
    default:
      return assertNever(report);
  }
}

/** State of a replica in one line. */
export function describeState(state: ReplicaState): string {
  const { termState } = state;
  const { view, changing, decidedHeight, tip, ownPrepares, highestPrepared, viewChanges } = termState;
  const parts = [
    `term ${termOf(state).term}`,
    `v${view}${changing ? ' changing' : ''}`,
    `stable ${stableOf(state)}`,
    `decided ${decidedHeight}`,
    `voted ${[...ownPrepares.keys()].sort((a, b) => a - b).join(',') || 'nothing'}`,
    `PC ${describeClaim(highestPrepared)}`,
    `tip ${describeClaim(tip)}`,
    `k ${viewChanges}`,
  ];
  const silence = silenceOf(state);
  if (silence !== undefined) parts.push(`silent: ${silence}`);
  return parts.join(' · ');
}
