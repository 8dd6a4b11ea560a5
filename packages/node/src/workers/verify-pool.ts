import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { assert, BoundedQueue, ChainError, type Failure, fail, ok, type Result } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { NodeErrorCode } from '../errors.ts';
import { spawnWorker } from './spawn-worker.ts';
import { readRecords } from './transaction-record.ts';
import type {
  TransactionAnswer,
  TransactionBatch,
  VerifyReady,
  VerifyWorkerData,
  VoteAnswer,
  VoteBatch,
} from './verify-messages.ts';
import type {
  SignatureCheck,
  VerifyBusy,
  VerifyLimits,
  VerifyPool,
  VerifyPoolDependencies,
  VerifyPoolOptions,
  VerifyUrgency,
} from './verify-types.ts';

/** Transactions of one message: about 4 ms of work. */
const MESSAGE_COUNT_MAX = 64;
const MESSAGE_SIZE_MAX = 256 * 1024;
/** Messages at the worker, so that it never waits for the main thread. */
const MESSAGES_AT_WORKER = 2;
/** Of so many messages one is a client's, when peers send without a pause: nobody waits for ever. */
const CLIENT_TURN = 4;
/** From start to the first message; from source the worker compiles its imports first. */
const START_TIMEOUT_MS = 30_000;

const DEFAULT_LIMITS: VerifyLimits = {
  transactionCountMax: 16_384,
  transactionBytesMax: 16 * 1024 * 1024,
  signatureCountMax: 4_096,
};

type TransactionOutcomes = Result<readonly Result<SignedTransaction, Failure>[], VerifyBusy>;

/** One call of `verifyTransactions`, answered when its last message is. */
type Call = {
  readonly outcomes: Result<SignedTransaction, Failure>[];
  readonly count: number;
  readonly resolve: (outcomes: TransactionOutcomes) => void;
};
type Message = {
  readonly call: Call;
  readonly count: number;
  readonly packed: Uint8Array<ArrayBuffer>;
  readonly sizeBytes: number;
};
type VoteCall = {
  readonly id: number;
  readonly count: number;
  readonly resolve: (valid: Result<readonly boolean[], VerifyBusy>) => void;
};

/** The main thread's side of the verify worker. */
export function createVerifyPool(options: VerifyPoolOptions, dependencies: VerifyPoolDependencies): VerifyPool {
  return new Pool(options, dependencies);
}

class Pool implements VerifyPool {
  readonly #suite: 'standard' | 'sm';
  readonly #limits: VerifyLimits;
  readonly #onFatal: (error: Error) => void;
  #worker: Worker | undefined;
  #votePort: MessagePort | undefined;
  #state: 'new' | 'running' | 'ended' = 'new';
  #nextId = 1;
  readonly #waiting: Readonly<Record<VerifyUrgency, BoundedQueue<Message>>>;
  #turn = 0;
  readonly #atWorker: Map<number, Message> = new Map();
  readonly #votes: Map<number, VoteCall> = new Map();
  #transactionCount = 0;
  #transactionBytes = 0;
  #signatureCount = 0;

  constructor(options: VerifyPoolOptions, { onFatal }: VerifyPoolDependencies) {
    this.#suite = options.suite;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#onFatal = onFatal;
    // A message holds one transaction at least.
    const lane = (): BoundedQueue<Message> => new BoundedQueue(this.#limits.transactionCountMax);
    this.#waiting = { proposal: lane(), peer: lane(), client: lane() };
  }

  async start(): Promise<void> {
    assert(this.#state === 'new', 'a verify pool is started once');
    this.#state = 'running';
    const { port1, port2 } = new MessageChannel();
    const workerData: VerifyWorkerData = { suite: this.#suite, votePort: port2 };
    const worker = spawnWorker(new URL('./verify-worker.ts', import.meta.url), {
      name: 'verify',
      workerData,
      transferList: [port2],
    });
    this.#worker = worker;
    this.#votePort = port1;
    port1.on('message', (answer: VoteAnswer) => this.#onVotes(answer));
    await untilReady(worker);
    worker.on('error', (error) => this.#onCrash(error));
    worker.on('exit', (code) => this.#onCrash(workerFailure(`has ended with code ${code}`)));
    worker.on('message', (answer: TransactionAnswer) => this.#onTransactions(answer));
    this.#feed();
  }

  async stop(): Promise<void> {
    this.#end();
    this.#votePort?.close();
    await this.#worker?.terminate();
  }

  load(): { readonly transactionCount: number; readonly transactionBytes: number; readonly signatureCount: number } {
    return {
      transactionCount: this.#transactionCount,
      transactionBytes: this.#transactionBytes,
      signatureCount: this.#signatureCount,
    };
  }

  verifyTransactions(raw: readonly Uint8Array[], urgency: VerifyUrgency): Promise<TransactionOutcomes> {
    let sizeBytes = 0;
    for (const bytes of raw) sizeBytes += bytes.length;
    const { transactionCountMax, transactionBytesMax } = this.#limits;
    const isFull =
      this.#transactionCount + raw.length > transactionCountMax ||
      this.#transactionBytes + sizeBytes > transactionBytesMax;
    if (this.#state === 'ended' || isFull) return Promise.resolve(fail(this.#busy()));
    if (raw.length === 0) return Promise.resolve(ok([]));
    this.#transactionCount += raw.length;
    this.#transactionBytes += sizeBytes;
    return new Promise((resolve) => {
      const call: Call = { outcomes: [], count: raw.length, resolve };
      for (const message of packMessages(call, raw)) this.#waiting[urgency].push(message);
      this.#feed();
    });
  }

  verifySignatures(checks: readonly SignatureCheck[]): Promise<Result<readonly boolean[], VerifyBusy>> {
    const isFull = this.#signatureCount + checks.length > this.#limits.signatureCountMax;
    if (this.#state === 'ended' || isFull) return Promise.resolve(fail(this.#busy()));
    if (checks.length === 0) return Promise.resolve(ok([]));
    assert(this.#votePort !== undefined, 'signatures are checked after the start');
    this.#signatureCount += checks.length;
    const id = this.#nextId++;
    const signatures = new Uint8Array(64 * checks.length);
    // A signature of another length is wrong: its place stays zero, which no key signs.
    for (const [i, check] of checks.entries())
      if (check.signature.length === 64) signatures.set(check.signature, 64 * i);
    const batch: VoteBatch = {
      id,
      digests: checks.map((check) => check.digest),
      nodeIds: checks.map((check) => check.nodeId),
      signatures,
    };
    this.#votePort.postMessage(batch, [signatures.buffer]);
    return new Promise((resolve) => this.#votes.set(id, { id, count: checks.length, resolve }));
  }

  #feed(): void {
    const worker = this.#worker;
    if (worker === undefined || this.#state !== 'running') return;
    while (this.#atWorker.size < MESSAGES_AT_WORKER) {
      const message = this.#next();
      if (message === undefined) break;
      const id = this.#nextId++;
      this.#atWorker.set(id, message);
      worker.postMessage({ id, packed: message.packed } satisfies TransactionBatch, [message.packed.buffer]);
    }
  }

  #next(): Message | undefined {
    const { proposal, peer, client } = this.#waiting;
    this.#turn = (this.#turn + 1) % CLIENT_TURN;
    const urgent = proposal.shift();
    if (urgent !== undefined) return urgent;
    return this.#turn === 0 ? (client.shift() ?? peer.shift()) : (peer.shift() ?? client.shift());
  }

  #onTransactions({ id, records }: TransactionAnswer): void {
    const message = this.#atWorker.get(id);
    if (message === undefined) return;
    this.#atWorker.delete(id);
    this.#feed();
    const outcomes = readRecords(records);
    assert(outcomes.length === message.count, `${message.count} outcomes were expected, got ${outcomes.length}`);
    this.#transactionCount -= message.count;
    this.#transactionBytes -= message.sizeBytes;
    const { call } = message;
    for (const outcome of outcomes) call.outcomes.push(outcome);
    if (call.outcomes.length === call.count) call.resolve(ok(call.outcomes));
  }

  #onVotes({ id, valid }: VoteAnswer): void {
    const call = this.#votes.get(id);
    if (call === undefined) return;
    this.#votes.delete(id);
    this.#signatureCount -= call.count;
    call.resolve(ok(Array.from(valid, (value) => value === 1)));
  }

  #onCrash(error: Error): void {
    if (this.#state === 'ended') return;
    this.#end();
    this.#onFatal(error);
  }

  /** Nobody is left waiting. */
  #end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    const busy = fail(this.#busy());
    for (const { call } of this.#atWorker.values()) call.resolve(busy);
    for (const lane of Object.values(this.#waiting)) {
      for (let message = lane.shift(); message !== undefined; message = lane.shift()) message.call.resolve(busy);
    }
    for (const call of this.#votes.values()) call.resolve(busy);
    this.#atWorker.clear();
    this.#votes.clear();
  }

  #busy(): VerifyBusy {
    if (this.#state === 'ended') {
      return { code: 'VERIFY_BUSY', message: 'the node is stopping', remedy: 'send it to another node, or later' };
    }
    const message = `${this.#transactionCount} transactions and ${this.#signatureCount} signatures wait for their check`;
    return { code: 'VERIFY_BUSY', message, remedy: 'send it again in a moment' };
  }
}

function workerFailure(message: string, cause?: unknown): ChainError<NodeErrorCode> {
  const remedy = 'start the node again; if it goes on, report the log line before this one';
  return new ChainError({ code: 'NODE_WORKER_FAILED', message: `the verify worker ${message}`, remedy }, { cause });
}

function untilReady(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(workerFailure('did not start in time')), START_TIMEOUT_MS);
    const onReady = (_ready: VerifyReady): void => finish(undefined);
    const onError = (error: unknown): void => finish(workerFailure('failed at its start', error));
    const onExit = (code: number): void => finish(workerFailure(`ended with code ${code} at its start`));
    function finish(failure: Error | undefined): void {
      clearTimeout(timer);
      worker.off('message', onReady).off('error', onError).off('exit', onExit);
      if (failure === undefined) resolve();
      else reject(failure);
    }
    worker.on('message', onReady).on('error', onError).on('exit', onExit);
  });
}

/** Copies the transactions of a call into messages of bounded count and size. */
function packMessages(call: Call, raw: readonly Uint8Array[]): Message[] {
  const messages: Message[] = [];
  let from = 0;
  while (from < raw.length) {
    let to = from;
    let sizeBytes = 0;
    while (to < raw.length && to - from < MESSAGE_COUNT_MAX) {
      const size = (raw[to] as Uint8Array).length;
      if (to > from && sizeBytes + size > MESSAGE_SIZE_MAX) break;
      sizeBytes += size;
      to++;
    }
    const packed = new Uint8Array(sizeBytes + 4 * (to - from));
    const view = new DataView(packed.buffer);
    let at = 0;
    for (const bytes of raw.slice(from, to)) {
      view.setUint32(at, bytes.length);
      packed.set(bytes, at + 4);
      at += 4 + bytes.length;
    }
    messages.push({ call, count: to - from, packed, sizeBytes });
    from = to;
  }
  return messages;
}
