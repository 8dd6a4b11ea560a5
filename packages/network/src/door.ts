import type { MessageStream, MultiaddrConnection, PeerId } from '@libp2p/interface';
import { closeSoftly } from './close-softly.ts';
import { codeOfReason } from './control-frames.ts';
import { readFrame, writeFrame } from './door-frames.ts';
import { nodeIdOfPeer } from './identity.ts';
import type { NetworkLimits } from './limits.ts';
import type { Mismatch } from './preamble.ts';
import { TokenBucket } from './token-bucket.ts';
import type { DoorHandler } from './types.ts';

/** JOIN-21, JOIN-22. An answer holds a genesis file. */
export const DOOR_REQUEST_SIZE_MAX: number = 8 * 1024;
export const DOOR_ANSWER_SIZE_MAX: number = 64 * 1024 * 1024 + 1024;

export type DoorOptions = {
  readonly limits: Pick<NetworkLimits, 'doorCountMax' | 'doorPerSecondMax' | 'handshakeTimeoutMs'>;
  readonly now: () => number;
  readonly handler: DoorHandler;
  /** The connection is served, and no longer one of those that have not proven their key. */
  readonly onVisit: (connection: MultiaddrConnection) => void;
  readonly onRefusal: (connection: MessageStream, refusal: Mismatch) => void;
};

/** Where newcomers with an invite are heard: one request, one answer, the end (spec JOIN-20). Few at a time. */
export class Door {
  readonly #options: DoorOptions;
  readonly #bucket: TokenBucket;
  #count = 0;

  constructor(options: DoorOptions) {
    this.#options = options;
    const rate = options.limits.doorPerSecondMax;
    this.#bucket = new TokenBucket({ perSecond: rate, burst: 4 * rate }, options.now());
  }

  /** Never rejects; whatever happens, the caller ends the connection. */
  async serve(
    raw: MessageStream,
    secured: { readonly connection: MessageStream; readonly remotePeer: PeerId },
  ): Promise<void> {
    const { limits, now, onRefusal } = this.#options;
    const nodeId = nodeIdOfPeer(secured.remotePeer);
    const isFull = this.#count >= limits.doorCountMax || !this.#bucket.take(1, now());
    if (nodeId === undefined || isFull) {
      const refusal: Mismatch =
        nodeId === undefined
          ? { reason: 'notAdmitted', message: 'came to the door without a node key' }
          : { reason: 'tooManyConnections', message: 'came to the door when there were too many newcomers' };
      secured.connection.send(Uint8Array.of(codeOfReason(refusal.reason)));
      onRefusal(raw, refusal);
      await closeSoftly(secured.connection);
      return;
    }
    this.#count++;
    try {
      this.#options.onVisit(raw as MultiaddrConnection);
      secured.connection.send(Uint8Array.of(0));
      const request = await readFrame(secured.connection, DOOR_REQUEST_SIZE_MAX, limits.handshakeTimeoutMs);
      if (request === undefined) return;
      writeFrame(secured.connection, await this.#options.handler(nodeId, request));
      // The newcomer ends the connection when it has read the answer; a reset by us could overtake it.
      await readFrame(secured.connection, 1, limits.handshakeTimeoutMs);
    } finally {
      this.#count--;
    }
  }
}
