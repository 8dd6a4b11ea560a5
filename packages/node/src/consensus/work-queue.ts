import type { FinalHead, PbftEffect, PbftInput } from '@hansa/consensus';
import { assert, type Height } from '@hansa/primitives';
import type { ConsensusPorts } from './ports.ts';

type ExecuteEffect = Extract<PbftEffect, { type: 'execute' }>;
type CommitEffect = Extract<PbftEffect, { type: 'commit' }>;

export type WorkQueueEvents = {
  executed(input: Extract<PbftInput, { type: 'executed' }>): void;
  committed(head: FinalHead): void;
};

/** The window bounds what is decided and not final; twice that for what sync makes obsolete meanwhile. */
const WAITING_MAX = 1024;

/** Executes and commits one height after the other, each kind one at a time, in the order of heights. */
export class WorkQueue {
  readonly #ports: Pick<ConsensusPorts, 'executor' | 'committer'>;
  readonly #events: WorkQueueEvents;
  #executions: ExecuteEffect[] = [];
  #commits: CommitEffect[] = [];
  #isExecuting = false;
  #isCommitting = false;

  constructor(ports: Pick<ConsensusPorts, 'executor' | 'committer'>, events: WorkQueueEvents) {
    this.#ports = ports;
    this.#events = events;
  }

  execute(effect: ExecuteEffect): void {
    assert(this.#executions.length < WAITING_MAX, 'more heights wait for execution than a window has');
    this.#executions.push(effect);
    this.#executions.sort((a, b) => a.height - b.height);
    this.#executeNext();
  }

  commit(effect: CommitEffect): void {
    assert(this.#commits.length < WAITING_MAX, 'more heights wait for their commit than a window has');
    this.#commits.push(effect);
    this.#commits.sort((a, b) => a.height - b.height);
    this.#commitNext();
  }

  /** Final by sync or by an own commit: what waits at or below it is not needed any more. */
  onCommitted(height: Height): void {
    this.#executions = this.#executions.filter((effect) => effect.height > height);
    this.#commits = this.#commits.filter((effect) => effect.height > height);
  }

  #executeNext(): void {
    if (this.#isExecuting) return;
    const effect = this.#executions.shift();
    if (effect === undefined) return;
    this.#isExecuting = true;
    const { height, proposal, digest } = effect;
    this.#ports.executor.execute({ height, proposal, digest }, (blockHash) => {
      this.#isExecuting = false;
      if (blockHash !== undefined) this.#events.executed({ type: 'executed', height, digest, blockHash });
      this.#executeNext();
    });
  }

  #commitNext(): void {
    if (this.#isCommitting) return;
    const effect = this.#commits.shift();
    if (effect === undefined) return;
    this.#isCommitting = true;
    const { height, proposal, digest, blockHash, certificate } = effect;
    this.#ports.committer.commit({ height, proposal, digest, blockHash, certificate }, (head) => {
      this.#isCommitting = false;
      if (head !== undefined) this.#events.committed(head);
      this.#commitNext();
    });
  }
}
