/** Thread that answers calls, estimates and traces on committed state. It reads the ledger and writes nothing. */
import { parentPort, workerData } from 'node:worker_threads';
import { initCrypto, suiteByName } from '@hansa/crypto';
import { openLedgerReader } from '@hansa/ledger';
import { assert } from '@hansa/primitives';
import { toFailure } from '../failure.ts';
import { describeThread } from '../workers/thread.ts';
import { answerQuery } from './answer-query.ts';
import { QueryRefusal } from './context.ts';
import type { QueryAnswerMessage, QueryRequestMessage, QueryWorkerData } from './messages.ts';

assert(parentPort !== null, 'the query worker runs as a worker thread');
describeThread({ name: 'hansa-query', isBackground: true });
const port = parentPort;
const data = workerData as QueryWorkerData;
await initCrypto();
const suite = suiteByName(data.suite);
assert(suite !== undefined, `a suite that this program has was expected, got ${data.suite}`);
const reader = await openLedgerReader({ location: data.location, suite });
let turn: Promise<void> = Promise.resolve();

port.on('message', ({ id, body }: QueryRequestMessage) => {
  turn = turn.then(async () => {
    port.postMessage(await answered(id, body));
  });
});

async function answered(id: number, body: QueryRequestMessage['body']): Promise<QueryAnswerMessage> {
  try {
    return {
      id,
      value: await answerQuery({ reader, suite: suite as NonNullable<typeof suite>, chainId: data.chainId }, body),
    };
  } catch (error) {
    if (error instanceof QueryRefusal) return { id, failure: error.failure };
    const { code, message, remedy } = toFailure(error);
    return { id, failure: { code, message, ...(remedy === undefined ? {} : { remedy }) } };
  }
}
