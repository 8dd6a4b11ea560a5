import type { HashHex, Height } from '@hansa/primitives';
import type { PbftMessage, Proposal } from '@hansa/protocol';
import type { PbftConfig, RestoredState } from './config.ts';
import type { PbftEffect } from './effect.ts';
import type { PbftInput } from './input.ts';
import type { RejectCode } from './reject.ts';
import type { PbftStatus } from './status.ts';

/** A PBFT replica: a pure function of its inputs. */
export class PbftReplica {
  constructor(config: PbftConfig, restored: RestoredState) {
    void config;
    void restored;
  }
  /** Feeds one input and returns what the driver must do. Never throws because of what a peer sent. */
  step(input: PbftInput): readonly PbftEffect[] {
    void input;
    return [];
  }
  get status(): PbftStatus {
    throw new Error('being written');
  }
  /** Cheap, pure: why `message` need not be verified, or undefined. `step` asks the same. */
  rejectReason(message: PbftMessage): RejectCode | undefined {
    void message;
    return undefined;
  }
  /** A proposal that is held and its ancestors down to `heightMin`, descending: the answer to a peer's fetch. */
  proposalChain(digest: HashHex, heightMin: Height): readonly Proposal[] {
    void digest;
    void heightMin;
    return [];
  }
}
