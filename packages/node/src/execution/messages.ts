import type { FinalHead } from '@hansa/consensus';
import type { EngineName } from '@hansa/executor';
import type { AddressHex, HashHex, Height, NodeId } from '@hansa/primitives';
import type {
  BlockBody,
  BlockHeader,
  Certificate,
  Genesis,
  LeftOut,
  Proposal,
  StateChange,
  StateKey,
} from '@hansa/protocol';

/** What the execution worker is started with. */
export type ExecutionWorkerData = {
  readonly location: string;
  readonly genesis: Genesis;
  readonly hotStateBytesMax: number;
  readonly stateHistoryBlocks: number;
  /** What runs contracts; the engine of packages/evm when left out. */
  readonly engine?: EngineName | 'both';
};

/** Requests to the execution worker. One is answered after the other, in order. */
export type ExecutionRequestBody =
  | { readonly type: 'open' }
  | { readonly type: 'execute'; readonly proposal: Proposal; readonly digest: HashHex; readonly packed: Uint8Array }
  | { readonly type: 'commit'; readonly height: Height; readonly blockHash: HashHex; readonly certificate: Certificate }
  | {
      readonly type: 'import';
      readonly header: BlockHeader;
      readonly body: BlockBody;
      readonly blockHash: HashHex;
      readonly certificate: Certificate;
      readonly packed: Uint8Array;
    }
  /** What a peer says the refused block changes; see `Compared`. */
  | { readonly type: 'compare'; readonly changes: readonly StateChange[] }
  | { readonly type: 'close' };

/** Who may connect after a block, when it differs from before. */
export type AdmissionFacts = {
  readonly nodes: readonly { readonly nodeId: NodeId; readonly addresses: readonly string[] }[];
};

/** All that the main thread needs to know of a block that became durable. */
export type CommittedBlock = {
  readonly head: FinalHead;
  readonly header: BlockHeader;
  readonly certificate: Certificate;
  readonly executed: readonly { readonly hash: HashHex; readonly sender: AddressHex; readonly nonce: bigint }[];
  readonly leftOut: readonly LeftOut[];
  readonly accounts: readonly {
    readonly address: AddressHex;
    readonly nonce: bigint;
    readonly balance: bigint;
    readonly hasCode: boolean;
  }[];
  readonly admission: AdmissionFacts | undefined;
  /** Time that execution and the durable write took in the worker, in milliseconds. */
  readonly executeMs: number;
  readonly writeMs: number;
};

/** First state key whose value after a block differs; undefined stands for an absent value. */
export type KeyDifference = {
  readonly key: StateKey;
  readonly certified: Uint8Array | undefined;
  readonly own: Uint8Array | undefined;
};

/** A certified header and what execution here gave: `field` is the first that differs. */
export type HeaderDifference = {
  readonly field: string;
  readonly certified: string;
  readonly own: string;
  readonly ownBlockHash: HashHex;
};

/** `proven`: on the state before the block the changes lead to the certified root, so they are the quorum's. */
export type Compared =
  | { readonly type: 'proven'; readonly difference: KeyDifference | undefined }
  | { readonly type: 'not proven' };

export type ImportOutcome =
  | {
      readonly type: 'committed';
      readonly block: CommittedBlock;
      /** A first result here was another one; executing again from what is on disk gave the certified one. */
      readonly healed?: HeaderDifference & { readonly difference: KeyDifference | undefined };
    }
  /** This height was final already. */
  | { readonly type: 'stale' }
  /** The certified header is not what execution here gives, also not from what is on disk. */
  | ({ readonly type: 'differs' } & HeaderDifference);

export type ExecutionAnswerBody =
  | {
      readonly type: 'opened';
      readonly head: FinalHead;
      readonly genesisHash: HashHex;
      readonly admission: AdmissionFacts;
      readonly certificate: Certificate | undefined;
    }
  | { readonly type: 'executed'; readonly blockHash: HashHex | undefined }
  | { readonly type: 'committed'; readonly block: CommittedBlock | undefined }
  | { readonly type: 'imported'; readonly outcome: ImportOutcome }
  | { readonly type: 'compared'; readonly compared: Compared }
  | { readonly type: 'closed' };

export type ExecutionRequestMessage = { readonly id: number; readonly body: ExecutionRequestBody };
/** `failure`: the worker cannot go on, and the process MUST stop with it. */
export type ExecutionAnswerMessage =
  | { readonly id: number; readonly body: ExecutionAnswerBody }
  | {
      readonly id: number;
      readonly failure: {
        readonly code: string;
        readonly message: string;
        readonly cause?: string;
        readonly remedy?: string;
      };
    };
