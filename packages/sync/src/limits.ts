import { assert } from '@hansa/primitives';

/** Maxima of the sync machine and of its server. Times are in ticks of the driver, 100 ms each. */
export type SyncLimits = {
  /** Requests in flight, all peers together. At the most one per peer. */
  readonly requestCountMax: number;
  /** Heights of one request. */
  readonly rangeCountMax: number;
  /** Bytes that one answer may have; a single block above it is sent alone. */
  readonly answerSizeMax: number;
  /** Bytes of blocks held for import. No further request is made above it. */
  readonly bufferSizeMax: number;
  /** Heights above the head that may be requested or held. */
  readonly aheadCountMax: number;
  /** So far behind, the machine syncs at once; nearer, the own consensus is given `graceTicks` without a new block first. */
  readonly nearCountMax: number;
  readonly graceTicks: number;
  /** A request without an answer for so long has failed. */
  readonly requestTimeoutTicks: number;
  /** First pause of a peer that failed; doubles with each failure in a row. */
  readonly pauseTicks: number;
  readonly pauseTicksMax: number;
  /** Peers that are remembered. */
  readonly peerCountMax: number;
};

export const DEFAULT_SYNC_LIMITS: SyncLimits = {
  requestCountMax: 4,
  rangeCountMax: 64,
  answerSizeMax: 1024 * 1024,
  bufferSizeMax: 8 * 1024 * 1024,
  aheadCountMax: 512,
  nearCountMax: 16,
  graceTicks: 4,
  requestTimeoutTicks: 50,
  pauseTicks: 5,
  pauseTicksMax: 300,
  peerCountMax: 256,
};

/** Bytes of one part at the most: a message is cut into parts that fit the network's sync channel (SYNC-12). */
export const SYNC_PART_SIZE_MAX: number = 192 * 1024;
/** Bytes of one message, the largest certified block included (SYNC-13). */
export const SYNC_MESSAGE_SIZE_MAX: number = 16 * 1024 * 1024;

/** @throws InvariantError when limits contradict each other */
export function assertSyncLimits(limits: SyncLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    assert(Number.isSafeInteger(value) && value > 0, `sync limit ${name} must be a positive integer, got ${value}`);
  }
  assert(limits.rangeCountMax <= limits.aheadCountMax, 'one range must fit the heights that may be ahead');
  assert(limits.pauseTicks <= limits.pauseTicksMax, 'the first pause must not be above the longest');
}
