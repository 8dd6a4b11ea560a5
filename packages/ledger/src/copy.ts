import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { damaged, ledgerError } from './errors.ts';
import { TABLES } from './schema.ts';
import { describeKey, openStore, type Store, type StoreEntry, type StoreSnapshot } from './store.ts';

const CHUNK_COUNT = 512;
const BATCH_SIZE_MAX = 1024 * 1024;

/**
 * Copies what a snapshot shows into a new directory (spec LED-11). The records that make it a ledger are written last and synced: a
 * copy that was interrupted is refused at opening.
 * @throws ChainError LEDGER_DESTINATION_EXISTS, LEDGER_DAMAGED (a record of the source) or LEDGER_WRITE_FAILED
 */
export async function copyStore(
  source: Store,
  snapshot: StoreSnapshot,
  destination: string,
  onProgress: (entryCount: number) => void = () => undefined,
): Promise<{ readonly entryCount: number; readonly sizeBytes: number }> {
  if (existsSync(destination) && readdirSync(destination).length > 0) {
    throw ledgerError({
      code: 'LEDGER_DESTINATION_EXISTS',
      message: `${destination} exists and is not empty`,
      remedy: 'name a directory that does not exist',
    });
  }
  mkdirSync(destination, { recursive: true, mode: 0o700 });
  const target = await openStore(destination, { createIfMissing: true });
  const iterator = source.iterate({ gte: new Uint8Array(0), lt: Uint8Array.of(0xff) }, snapshot);
  const meta: StoreEntry[] = [];
  let entryCount = 0;
  let sizeBytes = 0;
  try {
    let batch = target.batch();
    let batchSize = 0;
    for (;;) {
      const entries = await iterator.next(CHUNK_COUNT);
      if (entries.length === 0) break;
      for (const { key, value } of entries) {
        if (value === undefined) throw damaged(`${describeKey(key)} does not have its checksum`);
        entryCount++;
        sizeBytes += key.length + value.length;
        if (key[0] === TABLES.meta) {
          meta.push({ key: key.slice(), value: value.slice() });
          continue;
        }
        batch.put(key, value);
        batchSize += key.length + value.length;
      }
      if (batchSize > BATCH_SIZE_MAX) {
        await batch.write({ sync: false });
        batch = target.batch();
        batchSize = 0;
        onProgress(entryCount);
      }
    }
    for (const { key, value } of meta) batch.put(key, value as Uint8Array);
    await batch.write({ sync: true });
    onProgress(entryCount);
  } finally {
    await iterator.close();
    await target.close();
  }
  return { entryCount, sizeBytes };
}
