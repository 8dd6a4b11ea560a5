/** Thread that owns the state and is the only writer of the ledger. */
import { parentPort, workerData } from 'node:worker_threads';
import { initCrypto, suiteByName } from '@hansa/crypto';
import { assert } from '@hansa/primitives';
import { describeThread } from '../workers/thread.ts';
import { createBackgroundCompiler } from './background-compiler.ts';
import { BlockWriter } from './block-writer.ts';
import { createExecutionServer } from './execution-server.ts';
import type { ExecutionWorkerData } from './messages.ts';

assert(parentPort !== null, 'the execution worker runs as a worker thread');
describeThread({ name: 'hansa-execution', isBackground: false });
const port = parentPort;
const data = workerData as ExecutionWorkerData;
await initCrypto();
const suite = suiteByName(data.genesis.suite);
assert(suite !== undefined, `suite ${data.genesis.suite} was checked with genesis`);
const compile = data.engine === 'compiled' ? createBackgroundCompiler() : undefined;
port.on(
  'message',
  createExecutionServer(new BlockWriter(suite, data), (answer) => {
    port.postMessage(answer);
    compile?.();
  }),
);
