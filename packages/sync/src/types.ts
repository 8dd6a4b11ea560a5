import type { Height, NodeId } from '@hansa/primitives';
import type { CertifiedBlock } from '@hansa/protocol';
import type { SyncFailure } from './errors.ts';

/** A block as it came, with its size on the wire. */
export type ReceivedBlock = CertifiedBlock & { readonly sizeBytes: number };

/** What the machine is told. `requestId` is the one of the effect `request`. */
export type SyncInput =
  /** A peer's final height, by its own word: used to choose whom to ask, believed for nothing else. */
  | { readonly type: 'peerStatus'; readonly peer: NodeId; readonly height: Height }
  | { readonly type: 'peerGone'; readonly peer: NodeId }
  /** Decoded blocks, in ascending order from the first requested one; may be fewer than requested, not none. */
  | {
      readonly type: 'blocks';
      readonly peer: NodeId;
      readonly requestId: number;
      readonly blocks: readonly ReceivedBlock[];
    }
  /** The request will not be answered: undecodable (a fault), busy, or the stream broke. */
  | {
      readonly type: 'failure';
      readonly peer: NodeId;
      readonly requestId: number;
      readonly reason: 'malformed' | 'busy' | 'unavailable';
    }
  /** This height is final here, by import or by the own consensus. */
  | { readonly type: 'imported'; readonly height: Height }
  /** The own consensus has decided the order up to here: it brings these blocks itself, unless it stands still. */
  | { readonly type: 'decided'; readonly height: Height }
  /** A block handed out by `import` is wrong (`fault`: its sender lied) or could not be imported here. */
  | {
      readonly type: 'importFailed';
      readonly height: Height;
      readonly peer: NodeId;
      readonly failure: SyncFailure;
      readonly fault: boolean;
    }
  /** 100 ms have passed. */
  | { readonly type: 'tick' };

export type SyncEffect =
  /** Ask for the blocks `from` to `to`, both included. The driver MUST answer with `blocks` or `failure`. */
  | {
      readonly type: 'request';
      readonly peer: NodeId;
      readonly requestId: number;
      readonly from: Height;
      readonly to: Height;
      readonly sizeMax: number;
    }
  /**
   * Next block on the head: verify it (`verifyBlock`), execute it, compare the header, make it durable; then answer
   * with `imported` or `importFailed`. At the most one is outstanding.
   */
  | { readonly type: 'import'; readonly peer: NodeId; readonly block: ReceivedBlock }
  /**
   * The machine asks the peer nothing for a while. `wrong`: it sent what an honest peer never sends, and the driver
   * SHOULD end the connection. `slow`: to be counted and logged only.
   */
  | {
      readonly type: 'penalise';
      readonly peer: NodeId;
      readonly failure: SyncFailure;
      readonly severity: 'wrong' | 'slow';
    }
  /** The head has reached what the peers say. Emitted once per change; `behind` is its opposite. */
  | { readonly type: 'caughtUp'; readonly height: Height }
  | { readonly type: 'behind'; readonly height: Height; readonly target: Height };

/** For `eth_syncing`, `hansa status` and metrics. */
export type SyncProgress = {
  readonly height: Height;
  /** Highest height that a peer in good standing announced. */
  readonly target: Height;
  readonly behind: boolean;
  readonly requestCount: number;
  readonly bufferedCount: number;
  readonly bufferedBytes: number;
  readonly peers: readonly {
    readonly peer: NodeId;
    readonly height: Height;
    readonly failureCount: number;
    readonly pausedTicks: number;
  }[];
};

/** Pure: `step` returns what to do, and depends on nothing but the inputs so far. */
export type SyncMachine = {
  step(input: SyncInput): readonly SyncEffect[];
  progress(): SyncProgress;
};
