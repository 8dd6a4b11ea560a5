/** What the driver does with the effects of a batch once its records are durable. */
import type { ApprovedVote, FinalHead, PbftEffect, PbftInput, PbftStatus } from '@hansa/consensus';
import { assertNever, type NodeId } from '@hansa/primitives';
import type { PbftMessage, Proposal, TermInfo, Verified } from '@hansa/protocol';
import type { Incarnations } from './incarnations.ts';
import { signedVote } from './message-auth.ts';
import type { ConsensusPacket, ConsensusPorts, SigningRequest } from './ports.ts';
import type { ProposalIntake } from './proposal-intake.ts';
import type { Pending } from './vote-file.ts';
import type { WorkQueue } from './work-queue.ts';

/** Effects of one step, and the term in which it was made: its set is the audience. */
export type Step = { readonly effects: readonly PbftEffect[]; readonly term: TermInfo };

export type EffectContext = {
  readonly nodeId: NodeId;
  readonly chainId: number;
  readonly groupId: string;
  readonly ports: ConsensusPorts;
  readonly intake: ProposalIntake;
  readonly incarnations: Incarnations;
  readonly work: WorkQueue;
  input(input: PbftInput): void;
  head(): FinalHead;
  isStopped(): boolean;
  proposalOf(digest: Proposal['parentDigest'], height: Proposal['height']): Proposal | undefined;
  send(to: readonly NodeId[], packets: readonly ConsensusPacket[]): void;
};

export class EffectPerformer {
  readonly #context: EffectContext;
  readonly #othersOf: WeakMap<TermInfo['validators'], readonly NodeId[]> = new WeakMap();

  constructor(context: EffectContext) {
    this.#context = context;
  }

  /**
   * Signs the votes of these steps, then sends and does all that they say. MUST be called only when every record of them
   * is durable, and not again before it has completed.
   */
  perform(steps: readonly Step[]): Pending {
    const votes = steps.flatMap(({ effects }) =>
      effects.flatMap((effect) => (effect.type === 'send' ? [effect.vote] : [])),
    );
    if (votes.length === 0) {
      this.#perform(steps, []);
      return undefined;
    }
    let isDone = false;
    let complete = (): void => undefined;
    this.#context.ports.signer.signVotes(this.#requestOf(votes), (signatures) => {
      // Nothing leaves a driver that was stopped while its signer was asked.
      if (this.#context.isStopped()) return;
      this.#perform(steps, signatures);
      isDone = true;
      complete();
    });
    if (isDone) return undefined;
    return new Promise((resolve) => {
      complete = resolve;
    });
  }

  #requestOf(votes: readonly ApprovedVote[]): SigningRequest {
    const { height, proposalDigest } = this.#context.head();
    return {
      final: { height, proposalDigest },
      votes: votes.map((vote) => ({
        vote,
        parent: vote.type === 'prepare' ? this.#context.proposalOf(vote.digest, vote.height)?.parentDigest : undefined,
      })),
    };
  }

  /** `signatures`: one for each effect `send`, in order; a vote without one is a lost message (spec PBFT-R1). */
  #perform(steps: readonly Step[], signatures: readonly (Uint8Array | undefined)[]): void {
    let signed = 0;
    const broadcasts: ConsensusPacket[] = [];
    let status: PbftStatus | undefined;
    let audience: readonly NodeId[] | undefined;
    for (const { effects, term } of steps) {
      for (const effect of effects) {
        if (effect.type === 'status') {
          status = effect.status;
        } else if (effect.type === 'send' || effect.type === 'sendSigned') {
          const message = effect.type === 'sendSigned' ? effect.message : this.#signed(effect, signatures[signed++]);
          if (message === undefined) continue;
          if (effect.to !== 'all') {
            this.#context.send([effect.to], [{ type: 'pbft', message }]);
            continue;
          }
          const others = this.#others(term);
          if (audience !== undefined && audience !== others) {
            this.#context.send(audience, broadcasts.splice(0));
          }
          audience = others;
          broadcasts.push({ type: 'pbft', message });
        } else {
          this.#performOne(effect, term);
        }
      }
    }
    if (audience !== undefined) this.#context.send(audience, broadcasts);
    if (status !== undefined) this.#context.ports.observer.status(status);
  }

  /** Gives the own copy back through the same door as everybody's. */
  #signed(
    effect: Extract<PbftEffect, { type: 'send' }>,
    signature: Uint8Array | undefined,
  ): Verified<PbftMessage> | undefined {
    if (signature === undefined) return undefined;
    const message = signedVote(effect.vote, signature);
    if (effect.to === 'all') this.#context.input({ type: 'message', message, from: this.#context.nodeId });
    return message;
  }

  #performOne(effect: Exclude<PbftEffect, { type: 'send' | 'sendSigned' | 'status' }>, term: TermInfo): void {
    switch (effect.type) {
      case 'persist':
        break;
      case 'requestProposal':
        this.#requestProposal(effect, term);
        break;
      case 'validate':
        this.#context.intake.onValidate(effect);
        break;
      case 'execute':
        this.#context.work.execute(effect);
        break;
      case 'commit':
        this.#context.work.commit(effect);
        break;
      case 'fetch':
        this.#context.intake.onFetch(effect);
        break;
      case 'behind':
        this.#context.ports.sync.behind(effect.height, effect.from);
        break;
      case 'resendTransactions':
        this.#context.ports.transactions.resendWaiting();
        break;
      case 'askAcknowledgement':
        this.#context.incarnations.askAcknowledgement(effect.of);
        break;
      case 'askFinalHeights':
        this.#context.incarnations.askFinalHeights(effect.of);
        break;
      case 'report':
        this.#context.ports.observer.report(effect.report);
        break;
      default:
        assertNever(effect);
    }
  }

  #requestProposal(request: Extract<PbftEffect, { type: 'requestProposal' }>, term: TermInfo): void {
    const { height, view, parentDigest, parentTimestamp, ancestors, proposer, required } = request;
    this.#context.ports.source.select({ height, ancestors, term }, (hashes) => {
      let proposed: { readonly proposal: Proposal; readonly digest: Proposal['parentDigest'] } | undefined;
      if (required || (hashes !== undefined && hashes.length > 0)) {
        const proposal: Proposal = {
          chainId: this.#context.chainId,
          groupId: this.#context.groupId,
          term: request.term,
          height,
          view,
          parentDigest,
          timestamp: Math.max(this.#context.ports.clock.nowMs(), parentTimestamp + 1),
          proposer,
          transactionHashes: hashes ?? [],
        };
        proposed = { proposal, digest: this.#context.ports.digests.proposalDigest(proposal) };
        this.#context.intake.onOwnProposal(proposal, proposed.digest);
      }
      this.#context.input({ type: 'propose', term: request.term, view, height, parentDigest, proposed });
    });
  }

  #others(term: TermInfo): readonly NodeId[] {
    let others = this.#othersOf.get(term.validators);
    if (others === undefined) {
      others = term.validators.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId !== this.#context.nodeId);
      this.#othersOf.set(term.validators, others);
    }
    return others;
  }
}
