/** Two signed messages of one validator that an honest one never signs both, as a proof for third parties (spec FMT-72). */
import type { CryptoSuite } from '@hansa/crypto';
import { fail, type HashHex, isNodeId, type NodeId, ok, type Result } from '@hansa/primitives';
import type { ProtocolFailure } from './errors.ts';
import { decodePbftMessage } from './pbft-codec.ts';
import type { PbftMessage } from './pbft-message.ts';
import { claimSigningDigest, pbftSigningDigest } from './signing.ts';

/** Nothing but the genesis hash of the chain is needed to check it. */
export type MisbehaviourProof = {
  readonly genesisHash: HashHex;
  readonly nodeId: NodeId;
  /** Encoded messages (spec FMT-60). */
  readonly first: Uint8Array;
  readonly second: Uint8Array;
};

type Contradictable = Exclude<
  PbftMessage,
  { readonly type: 'suspect' | 'status' | 'prepared-certificate' | 'commit-certificate' }
>;
export type Misbehaviour = {
  readonly kind: Contradictable['type'];
  readonly term: number;
  /** Undefined for RESULT, which is bound to no view. */
  readonly view: number | undefined;
  /** Undefined for VIEW-CHANGE and NEW-VIEW. */
  readonly height: number | undefined;
};

/** What the validator did, or why this proves nothing. Never throws: the proof may come from anybody. */
export function verifyMisbehaviour(
  suite: CryptoSuite,
  proof: MisbehaviourProof,
): Result<Misbehaviour, ProtocolFailure> {
  const first = decodePbftMessage(suite, proof.first);
  const second = decodePbftMessage(suite, proof.second);
  if (!first.ok) return first;
  if (!second.ok) return second;
  const [a, b] = [first.value, second.value];
  if (!isContradictable(a) || !isContradictable(b)) return unproven('a message of this kind contradicts no other');
  if (slotOf(a) !== slotOf(b)) return unproven('the messages are about different things');
  const [digestA, digestB] = [digestOf(suite, proof.genesisHash, a), digestOf(suite, proof.genesisHash, b)];
  if (digestA === digestB) return unproven('the messages say the same');
  if (!isNodeId(proof.nodeId)) return unproven('the node id is none');
  const isSigned = suite.verify(digestA, a.signature, proof.nodeId) && suite.verify(digestB, b.signature, proof.nodeId);
  if (!isSigned) return unproven('a signature is not of this node on this chain', 'PROTOCOL_CERTIFICATE_BAD_SIGNATURE');
  return ok({ kind: a.type, term: a.term, view: a.type === 'result' ? undefined : a.view, height: heightOf(a) });
}

function unproven(
  message: string,
  code: ProtocolFailure['code'] = 'PROTOCOL_OUT_OF_RANGE',
): Result<never, ProtocolFailure> {
  return fail({ code, message });
}

function isContradictable(message: PbftMessage): message is Contradictable {
  switch (message.type) {
    case 'proposal':
    case 'prepare':
    case 'commit':
    case 'result':
    case 'view-change':
    case 'new-view':
      return true;
    default:
      return false;
  }
}

function heightOf(message: Contradictable): number | undefined {
  if (message.type === 'view-change' || message.type === 'new-view') return undefined;
  return message.type === 'proposal' ? message.proposal.height : message.height;
}

/** Of one slot an honest validator signs one content. */
function slotOf(message: Contradictable): string {
  const view = message.type === 'result' ? '' : message.view;
  return `${message.type}/${message.term}/${view}/${heightOf(message) ?? ''}`;
}

/** What was signed. A VIEW-CHANGE signs its claim alone, wherever it is repeated. */
function digestOf(suite: CryptoSuite, genesisHash: HashHex, message: Contradictable): HashHex {
  return message.type === 'view-change'
    ? claimSigningDigest(suite, genesisHash, message)
    : pbftSigningDigest(suite, genesisHash, message);
}
