import type { FinalHead, PbftStatus } from '@hansa/consensus';
import type { createNetwork } from '@hansa/network';
import type { NodeId } from '@hansa/primitives';
import type { Genesis } from '@hansa/protocol';
import type { SyncProgress } from '@hansa/sync';
import type { Settings } from './config/settings.ts';
import type { NodePaths } from './directory.ts';
import type { PassphraseSource } from './keys/key-files.ts';
import type { Logger } from './logger.ts';

export type NodeOptions = {
  readonly paths: NodePaths;
  readonly settings: Settings;
  readonly genesis: Genesis;
  /** Of the node key, when it is encrypted. */
  readonly passphrase: PassphraseSource;
  readonly logger: Logger;
  /** Throw away what is damaged and fetch it again from the peers. */
  readonly isRebuild: boolean;
  /** The node has thrown its ledger away by itself: fetch it again, the votes stay (spec PBFT-N7). */
  readonly isHealing?: boolean;
  /** The state on disk is wrong. The caller MUST stop the node and create it again with `isHealing`. */
  readonly onRebuild: () => void;
  /** Called once when the node cannot go on. The process MUST end with a failure then. */
  readonly onFatal: (error: Error) => void;
};

/** What a program other than `hansa` may put in the place of a part that the node makes by itself. */
export type NodePorts = {
  /** Joins the node to its peers. */
  readonly createNetwork?: typeof createNetwork;
};

export type RunningNode = {
  readonly nodeId: NodeId;
  readonly genesisHash: string;
  readonly rpcUrl: string | undefined;
  readonly adminUrl: string;
  readonly p2pAddresses: readonly string[];
  status(): PbftStatus;
  head(): FinalHead;
  /** How far it is behind its peers. */
  progress(): SyncProgress;
  /** One line in words: role, height, peers, what it waits for. */
  summary(): string;
  /** Stops in the reverse order of starting. Idempotent; within 5 s. */
  stop(): Promise<void>;
};
