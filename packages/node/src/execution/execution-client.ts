import type { Worker } from 'node:worker_threads';
import { assert, ChainError, type HashHex } from '@hansa/primitives';
import type { CertifiedBlock, Proposal, SignedTransaction, StateChange } from '@hansa/protocol';
import type { NodeErrorCode } from '../errors.ts';
import { spawnWorker } from '../workers/spawn-worker.ts';
import type {
  CommittedBlock,
  Compared,
  ExecutionAnswerBody,
  ExecutionAnswerMessage,
  ExecutionRequestBody,
  ExecutionRequestMessage,
  ExecutionWorkerData,
  ImportOutcome,
} from './messages.ts';
import { packTransactions } from './packed-transactions.ts';

/** The driver asks for one height at a time and sync for one import: more waiting means that somebody does not wait. */
const WAITING_COUNT_MAX = 64;

export type OpenedLedger = Extract<ExecutionAnswerBody, { type: 'opened' }>;

export type ExecutionClient = {
  open(): Promise<OpenedLedger>;
  /** Block hash; undefined when the height became final meanwhile. */
  execute(request: {
    proposal: Proposal;
    digest: HashHex;
    transactions: readonly SignedTransaction[];
  }): Promise<HashHex | undefined>;
  /** Undefined when the ledger has this height already. */
  commit(request: {
    blockHash: HashHex;
    certificate: CertifiedBlock['certificate'];
  }): Promise<CommittedBlock | undefined>;
  importBlock(
    block: CertifiedBlock,
    blockHash: HashHex,
    transactions: readonly SignedTransaction[],
  ): Promise<ImportOutcome>;
  /** Compares what the block that was refused last changed here with what a peer says that it changes. */
  compare(changes: readonly StateChange[]): Promise<Compared>;
  /** Closes the ledger and ends the worker. Idempotent. */
  close(): Promise<void>;
};

type Waiting = {
  /** A ledger that cannot be opened ends the start, which says so; everything later is fatal to a running node. */
  readonly isFatal: boolean;
  readonly resolve: (body: ExecutionAnswerBody) => void;
  readonly reject: (error: Error) => void;
};

/** The way to the execution server and back: a worker thread, or what stands in for one. */
export type ExecutionChannel = {
  post(request: ExecutionRequestMessage, transfer: ArrayBuffer[]): void;
  /** No answer comes any more. */
  end(): Promise<void>;
};
export type ExecutionChannelEvents = {
  answered(message: ExecutionAnswerMessage): void;
  /** It has ended by itself. */
  failed(error: Error): void;
};

/** A thread for the execution of one ledger. */
export function executionThread(data: ExecutionWorkerData): (events: ExecutionChannelEvents) => ExecutionChannel {
  return ({ answered, failed }) => {
    const worker: Worker = spawnWorker(new URL('./execution-worker.ts', import.meta.url), {
      workerData: data,
      name: 'execution',
    });
    worker.on('message', answered);
    worker.on('error', failed);
    worker.on('exit', (code) => {
      const message = `the execution worker has ended with code ${code}`;
      failed(new ChainError<NodeErrorCode>({ code: 'NODE_WORKER_FAILED', message }));
    });
    return {
      post: (request, transfer) => worker.postMessage(request, transfer),
      end: async () => void (await worker.terminate()),
    };
  };
}

/**
 * The main thread's side of execution.
 * @param onFatal called when execution cannot go on: the ledger could not be written, an invariant broke, or the thread
 * ended by itself. The process MUST stop then
 */
export function createExecutionClient(
  connect: (events: ExecutionChannelEvents) => ExecutionChannel,
  onFatal: (error: Error) => void,
): ExecutionClient {
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let isClosing = false;
  let closed: Promise<void> | undefined;
  const channel = connect({ answered, failed: end });

  function answered(message: ExecutionAnswerMessage): void {
    const entry = waiting.get(message.id);
    waiting.delete(message.id);
    if ('body' in message) {
      entry?.resolve(message.body);
      return;
    }
    const { code, message: text, cause, remedy } = message.failure;
    const failure = new ChainError(
      { code, message: text, ...(remedy === undefined ? {} : { remedy }) },
      cause === undefined ? {} : { cause: new Error(cause) },
    );
    entry?.reject(failure);
    if (entry?.isFatal !== false) onFatal(failure);
  }

  function end(error: Error): void {
    for (const entry of waiting.values()) entry.reject(error);
    waiting.clear();
    if (!isClosing) onFatal(error);
  }

  function ask<K extends ExecutionAnswerBody['type']>(
    body: ExecutionRequestBody,
    expected: K,
    transfer: ArrayBuffer[] = [],
  ): Promise<Extract<ExecutionAnswerBody, { type: K }>> {
    assert(
      waiting.size < WAITING_COUNT_MAX,
      `at most ${WAITING_COUNT_MAX} requests to the execution worker were expected`,
    );
    const id = nextId++;
    return new Promise((resolve, reject) => {
      waiting.set(id, {
        isFatal: body.type !== 'open',
        resolve: (answer) => {
          assert(answer.type === expected, `an answer of type ${expected} was expected, got ${answer.type}`);
          resolve(answer as Extract<ExecutionAnswerBody, { type: K }>);
        },
        reject,
      });
      channel.post({ id, body }, transfer);
    });
  }

  return {
    open: () => ask({ type: 'open' }, 'opened'),
    execute: async ({ proposal, digest, transactions }) => {
      const packed = packTransactions(transactions);
      return (await ask({ type: 'execute', proposal, digest, packed }, 'executed', [packed.buffer])).blockHash;
    },
    commit: async ({ blockHash, certificate }) =>
      (await ask({ type: 'commit', height: certificate.height, blockHash, certificate }, 'committed')).block,
    importBlock: async ({ block, certificate }, blockHash, transactions) => {
      const packed = packTransactions(transactions);
      const body = { type: 'import', header: block.header, body: block.body, blockHash, certificate, packed } as const;
      return (await ask(body, 'imported', [packed.buffer])).outcome;
    },
    compare: async (changes) => (await ask({ type: 'compare', changes }, 'compared')).compared,
    close: () => {
      closed ??= closeWorker();
      return closed;
    },
  };

  async function closeWorker(): Promise<void> {
    const answer = ask({ type: 'close' }, 'closed');
    isClosing = true;
    await answer.catch(() => undefined);
    await channel.end();
  }
}
