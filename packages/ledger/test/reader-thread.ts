/** Worker of the thread test: answers each height with the value that it sees there. */
import { parentPort, workerData } from 'node:worker_threads';
import { accountKey } from '@hansa/protocol';
import { openLedgerReader } from '../src/index.ts';
import { addressOf, suite } from './chain-fixture.ts';

const reader = await openLedgerReader({ location: String(workerData), suite });
parentPort?.on('message', (message: unknown) => {
  if (message === 'close') {
    void reader.close().then(() => parentPort?.close());
    return;
  }
  const snapshot = reader.snapshot();
  const value = snapshot.get(accountKey(addressOf(1)));
  const answer = { height: reader.head().height, snapshotHeight: snapshot.height, value };
  void snapshot.close().then(() => parentPort?.postMessage(answer));
});
parentPort?.postMessage('ready');
