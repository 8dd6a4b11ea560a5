import type { Worker } from 'node:worker_threads';
import { type Failure, fail, ok, type Result } from '@hansa/primitives';
import { spawnWorker } from '../workers/spawn-worker.ts';
import type { QueryAnswerMessage, QueryAnswers, QueryBody, QueryRequestMessage, QueryWorkerData } from './messages.ts';

/** Questions waiting or being answered; more are refused. */
const WAITING_COUNT_MAX = 256;
/** A question that takes longer ends the worker: an endless call must not starve those behind it. */
const QUESTION_MS_MAX = 15_000;
/** A worker without work for so long is ended, and started again by the next question. */
const IDLE_MS_MAX = 60_000;

export type QueryClient = {
  /** `signal` takes back a question whose turn has not come; one that is being answered goes on to its time limit. */
  ask<K extends QueryBody['type']>(
    body: Extract<QueryBody, { type: K }>,
    signal: AbortSignal,
  ): Promise<Result<QueryAnswers[K], Failure>>;
  stop(): Promise<void>;
};

type Waiting = { readonly resolve: (result: Result<unknown, Failure>) => void; readonly body: QueryBody };

/**
 * The query worker from the main thread: started by the first question, so that a node that is asked nothing does not
 * pay for it. One question at a time; the time limit runs from its turn.
 */
export function createQueryClient(data: QueryWorkerData): QueryClient {
  const waiting = new Map<number, Waiting>();
  const order: number[] = [];
  let worker: Worker | undefined;
  let active: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let nextId = 1;
  let isStopped = false;

  function settle(id: number, result: Result<unknown, Failure>): void {
    waiting.get(id)?.resolve(result);
    waiting.delete(id);
    if (active === id) active = undefined;
    next();
  }

  function next(): void {
    clearTimeout(timer);
    if (active !== undefined || isStopped) return;
    const id = order.shift();
    const entry = id === undefined ? undefined : waiting.get(id);
    if (id === undefined || entry === undefined) {
      timer = setTimeout(endWorker, IDLE_MS_MAX);
      timer.unref();
      return;
    }
    active = id;
    worker ??= startWorker();
    worker.postMessage({ id, body: entry.body } satisfies QueryRequestMessage);
    timer = setTimeout(() => {
      endWorker();
      settle(
        id,
        fail({
          code: 'QUERY_TIMEOUT',
          message: `execution took longer than ${QUESTION_MS_MAX / 1000} s`,
          remedy: 'give less gas, or ask for less at once',
        }),
      );
    }, QUESTION_MS_MAX);
  }

  function startWorker(): Worker {
    const started = spawnWorker(new URL('./query-worker.ts', import.meta.url), {
      workerData: data,
      name: 'query',
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    started.on('message', (message: QueryAnswerMessage) =>
      settle(message.id, 'failure' in message ? fail(message.failure) : ok(message.value)),
    );
    const onEnd = (message: string): void => {
      if (worker !== started) return;
      worker = undefined;
      if (active !== undefined)
        settle(active, fail({ code: 'QUERY_FAILED', message, remedy: 'ask for less at once; if it stays, report it' }));
    };
    started.on('error', (error) => onEnd(`the query worker has failed: ${error.message}`));
    started.on('exit', () => onEnd('the query worker has ended'));
    return started;
  }

  function endWorker(): void {
    const ended = worker;
    worker = undefined;
    if (ended !== undefined) void ended.terminate();
  }

  return {
    ask: <K extends QueryBody['type']>(body: Extract<QueryBody, { type: K }>, signal: AbortSignal) => {
      if (isStopped || waiting.size >= WAITING_COUNT_MAX) {
        return Promise.resolve(
          fail({ code: 'QUERY_BUSY', message: 'too many calls are waiting', remedy: 'ask again in a moment' }),
        );
      }
      return new Promise<Result<QueryAnswers[K], Failure>>((resolve) => {
        const id = nextId++;
        const onAbort = (): void => {
          const place = order.indexOf(id);
          if (place < 0) return;
          order.splice(place, 1);
          // Not settle: the time limit of the question before goes on.
          waiting.get(id)?.resolve(fail({ code: 'QUERY_ABORTED', message: 'nobody waits for the answer any more' }));
          waiting.delete(id);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.set(id, {
          body,
          resolve: (result) => {
            signal.removeEventListener('abort', onAbort);
            resolve(result as Result<QueryAnswers[K], Failure>);
          },
        });
        order.push(id);
        if (active === undefined) next();
      });
    },
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      for (const entry of waiting.values())
        entry.resolve(fail({ code: 'QUERY_STOPPED', message: 'the node is stopping' }));
      waiting.clear();
      const ended = worker;
      worker = undefined;
      await ended?.terminate();
    },
  };
}
