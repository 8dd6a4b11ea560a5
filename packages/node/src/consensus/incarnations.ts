/** Both sides of spec PBFT-T3: who asks for acknowledgement of its start, and who acknowledges or shows what it holds. */
import type { PbftInput, VoteStoreState } from '@hansa/consensus';
import type { NodeId } from '@hansa/primitives';
import type { Certificate, IncarnationMessage, ValidatorSet } from '@hansa/protocol';
import { finalCertificateChecks } from './message-auth.ts';
import type { ConsensusPacket, ConsensusPorts } from './ports.ts';
import type { StoreRecord } from './vote-record.ts';

/** Statements of others that are kept; a consortium is far smaller, and only validators are listened to. */
const STATEMENTS_MAX = 1024;

/** What the keeper may do to its driver. */
export type IncarnationContext = {
  readonly nodeId: NodeId;
  readonly ports: ConsensusPorts;
  incarnation(): number;
  readonly instance: string;
  storeState(): VoteStoreState;
  validators(): ValidatorSet;
  /** `packet` leaves after `record`, and every record before it, is durable. */
  persistThenSend(record: StoreRecord | undefined, to: NodeId, packet: ConsensusPacket): void;
  send(to: readonly NodeId[], packet: ConsensusPacket): void;
  input(input: PbftInput): void;
  /** The store is known to be lost and a peer holds a higher number: start again above it. */
  raiseAbove(incarnation: number): void;
};

export class Incarnations {
  readonly #context: IncarnationContext;
  readonly #held: Map<NodeId, IncarnationMessage> = new Map();
  readonly #nonce: string;
  #own: IncarnationMessage | undefined;

  constructor(context: IncarnationContext, held: readonly IncarnationMessage[]) {
    this.#context = context;
    this.#nonce = context.ports.randomHex();
    for (const statement of held) this.#held.set(statement.nodeId as NodeId, statement);
  }

  askAcknowledgement(of: readonly NodeId[]): void {
    this.#signed((statement) => this.#context.send(of, { type: 'incarnation', statement }));
  }

  askFinalHeights(of: readonly NodeId[]): void {
    this.#context.send(of, { type: 'final-height-request', nonce: this.#nonce });
  }

  /** A peer asks me to store its statement. The channel says who it is; the signature is for whom I show it to. */
  onStatement(from: NodeId, statement: IncarnationMessage): void {
    if (statement.nodeId !== from || !this.#context.validators().some((member) => member.nodeId === from)) return;
    this.#verifyStatement(statement, () => {
      const held = this.#held.get(from);
      if (held !== undefined && isNotBelow(held, statement)) {
        // VS-10: its store is a copy from before the start that I know of.
        this.#context.send([from], { type: 'incarnation-held', statement: held });
        return;
      }
      const { incarnation, instance } = statement;
      const stored: ConsensusPacket = { type: 'incarnation-stored', incarnation, instance };
      if (held !== undefined && held.incarnation === incarnation) {
        // It may be on its way to the disk still.
        this.#context.persistThenSend(undefined, from, stored);
        return;
      }
      if (held === undefined && this.#held.size >= STATEMENTS_MAX) return;
      this.#held.set(from, statement);
      this.#context.persistThenSend({ type: 'peer-incarnation', statement }, from, stored);
    });
  }

  onStored(from: NodeId, incarnation: number, instance: string): void {
    if (instance !== this.#context.instance || incarnation !== this.#context.incarnation()) return;
    this.#context.input({ type: 'incarnationAcknowledged', nodeId: from, incarnation });
  }

  /** A peer shows a statement of mine: another process of mine spoke, after this store's content was written. */
  onHeld(from: NodeId, statement: IncarnationMessage): void {
    if (statement.nodeId !== this.#context.nodeId || !isNotBelow(statement, this.#unsigned())) return;
    this.#verifyStatement(statement, () => {
      if (!isNotBelow(statement, this.#unsigned())) return;
      const { incarnation } = statement;
      if (this.#context.storeState().type === 'intact') {
        this.#context.input({ type: 'incarnationRefused', nodeId: from, incarnation });
      } else {
        this.#own = undefined;
        this.#context.raiseAbove(incarnation);
      }
    });
  }

  onFinalHeightRequest(from: NodeId, nonce: string): void {
    const { height, certificate } = this.#context.ports.committer.finalHead();
    this.#context.send([from], { type: 'final-height', nonce, height, certificate });
  }

  onFinalHeight(from: NodeId, answer: Extract<ConsensusPacket, { type: 'final-height' }>): void {
    const { nonce, height, certificate } = answer;
    if (nonce !== this.#nonce) return;
    const input: PbftInput = { type: 'finalHeight', nodeId: from, height };
    if (height === 0) {
      this.#context.input(input);
    } else if (certificate !== undefined && certificate.height === height) {
      this.#verifyFinal(certificate, from, () => this.#context.input(input));
    }
  }

  #verifyFinal(certificate: Certificate, from: NodeId, then: () => void): void {
    const { committer, sync, verifier, digests } = this.#context.ports;
    const signers = committer.validatorsAt(certificate.height);
    if (signers === undefined) {
      // Its set is not known yet: sync first, the replica asks again.
      sync.behind(certificate.height, [from]);
      return;
    }
    const checks = finalCertificateChecks(certificate, signers, digests);
    if (checks === undefined || !hasQuorum(certificate, signers.validators)) return;
    verifier.verify(checks, (valid) => {
      if (valid?.every((isValid) => isValid) === true) then();
    });
  }

  #verifyStatement(statement: IncarnationMessage, then: () => void): void {
    const { verifier, digests } = this.#context.ports;
    const { signature } = statement;
    const nodeId = statement.nodeId as NodeId;
    verifier.verify([{ digest: digests.incarnationDigest(statement), signature, nodeId }], (valid) => {
      if (valid?.[0] === true) then();
    });
  }

  #unsigned(): Omit<IncarnationMessage, 'signature'> {
    const { nodeId, instance } = this.#context;
    return { type: 'incarnation', nodeId, incarnation: this.#context.incarnation(), instance };
  }

  /** Not at all when the signer is away: the replica asks for acknowledgement again. */
  #signed(then: (statement: IncarnationMessage) => void): void {
    const unsigned = this.#unsigned();
    if (this.#own?.incarnation === unsigned.incarnation) {
      then(this.#own);
      return;
    }
    this.#context.ports.signer.signIncarnation(unsigned, (signature) => {
      if (signature === undefined || unsigned.incarnation !== this.#context.incarnation()) return;
      this.#own = { ...unsigned, signature };
      then(this.#own);
    });
  }
}

type Incarnation = Pick<IncarnationMessage, 'incarnation' | 'instance'>;

/** `held` proves that `other` does not come from the newest process of this key. */
function isNotBelow(held: Incarnation, other: Incarnation): boolean {
  return (
    held.incarnation > other.incarnation || (held.incarnation === other.incarnation && held.instance !== other.instance)
  );
}

function hasQuorum(certificate: Certificate, validators: ValidatorSet): boolean {
  let total = 0;
  for (const { weight } of validators) total += weight;
  let weight = 0;
  let last = -1;
  for (const { index } of certificate.signatures) {
    if (index <= last) return false;
    last = index;
    weight += validators[index]?.weight ?? 0;
  }
  return weight >= Math.floor((total + Math.floor((total - 1) / 3)) / 2) + 1;
}
