/** Thread that owns the state and is the only writer of the ledger. One request after the other, in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { initCrypto, suiteByName } from '@hansa/crypto';
import { assert } from '@hansa/primitives';
import { toFailure } from '../failure.ts';
import { BlockWriter } from './block-writer.ts';
import type {
  ExecutionAnswerBody,
  ExecutionAnswerMessage,
  ExecutionRequestBody,
  ExecutionRequestMessage,
  ExecutionWorkerData,
} from './messages.ts';

assert(parentPort !== null, 'the execution worker runs as a worker thread');
const port = parentPort;
const data = workerData as ExecutionWorkerData;
const writer = await createWriter();
let isFailed = false;
let turn: Promise<void> = Promise.resolve();

port.on('message', (message: ExecutionRequestMessage) => {
  turn = turn.then(() => handle(message));
});

async function createWriter(): Promise<BlockWriter> {
  await initCrypto();
  const suite = suiteByName(data.genesis.suite);
  assert(suite !== undefined, `suite ${data.genesis.suite} was checked with genesis`);
  return new BlockWriter(suite, data);
}

async function handle({ id, body }: ExecutionRequestMessage): Promise<void> {
  // After a failure nothing that was in memory can be trusted: the process is about to stop.
  if (isFailed && body.type !== 'close') return;
  try {
    port.postMessage({ id, body: await answer(body) } satisfies ExecutionAnswerMessage);
  } catch (error) {
    isFailed = true;
    port.postMessage({ id, failure: toFailure(error) } satisfies ExecutionAnswerMessage);
  }
}

async function answer(body: ExecutionRequestBody): Promise<ExecutionAnswerBody> {
  switch (body.type) {
    case 'open':
      return writer.open();
    case 'execute':
      return { type: 'executed', blockHash: await writer.execute(body) };
    case 'commit':
      return { type: 'committed', block: await writer.commit(body) };
    case 'import':
      return { type: 'imported', outcome: await writer.importBlock(body) };
    case 'close':
      await writer.close();
      return { type: 'closed' };
  }
}
