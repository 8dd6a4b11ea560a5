import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { ethereumCrypto, initCrypto, standardSuite } from '@hansa/crypto';
import { fromHex } from '@hansa/primitives';

const CORES = 2;

/**
 * How many senders the two cores recover per second when they do nothing else: the ceiling of any chain on which each
 * of four nodes checks each signature is a quarter of it.
 */
export async function measureSignatureCeiling(milliseconds: number): Promise<number> {
  const counts = await Promise.all(
    Array.from({ length: CORES }, () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { milliseconds } });
      return new Promise<number>((resolve, reject) => {
        worker.once('message', (count: number) => resolve(count));
        worker.once('error', reject);
      });
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0) / (milliseconds / 1000);
}

async function recoverUntil(milliseconds: number): Promise<number> {
  await initCrypto();
  const digestHex = standardSuite.taggedDigest('hansa/bench/v1', new Uint8Array(32));
  const signature = standardSuite.sign(digestHex, new Uint8Array(32).fill(7));
  const digest = fromHex(digestHex);
  const end = performance.now() + milliseconds;
  let count = 0;
  while (performance.now() < end) {
    for (let i = 0; i < 50; i++) ethereumCrypto.recoverAddress(digest, signature, 0);
    count += 50;
  }
  return count;
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  port.postMessage(await recoverUntil((workerData as { milliseconds: number }).milliseconds));
}
