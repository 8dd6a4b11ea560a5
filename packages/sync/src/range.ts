import type { Height } from '@hansa/primitives';
import { type SyncFailure, syncFailure } from './errors.ts';
import type { ReceivedBlock } from './types.ts';

/**
 * SYNC-5: an answer begins at the first requested height, goes up without gaps, ends at the last one at the latest, and
 * each block names its predecessor. What needs signatures or state is left to the import.
 */
export function findRangeFailure(
  request: { readonly from: Height; readonly to: Height },
  blocks: readonly ReceivedBlock[],
): SyncFailure | undefined {
  const { from, to } = request;
  if (blocks.length === 0)
    return syncFailure('SYNC_WRONG_RANGE', `an answer to heights ${from} to ${to} without a block`);
  if (blocks.length > to - from + 1) {
    return syncFailure('SYNC_WRONG_RANGE', `${blocks.length} blocks in answer to heights ${from} to ${to}`);
  }
  let previous: ReceivedBlock | undefined;
  for (const [position, received] of blocks.entries()) {
    const { header } = received.block;
    const expected = from + position;
    if (header.height !== expected || received.certificate.height !== expected) {
      return syncFailure(
        'SYNC_WRONG_RANGE',
        `height ${expected} was expected, got a block of ${header.height} with a certificate of ${received.certificate.height}`,
      );
    }
    if (previous !== undefined && header.parentHash !== previous.certificate.blockHash) {
      return syncFailure(
        'SYNC_WRONG_PARENT',
        `block ${expected} does not follow the block before it in the same answer`,
      );
    }
    previous = received;
  }
  return undefined;
}
