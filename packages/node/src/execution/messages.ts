import type { FinalHead } from '@hansa/consensus';
import type { AddressHex, HashHex, Height, NodeId } from '@hansa/primitives';
import type { BlockBody, BlockHeader, Certificate, Genesis, LeftOut, Proposal } from '@hansa/protocol';

/** What the execution worker is started with. */
export type ExecutionWorkerData = {
  readonly location: string;
  readonly genesis: Genesis;
  readonly hotStateBytesMax: number;
  readonly stateHistoryBlocks: number;
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

export type ImportOutcome =
  | { readonly type: 'committed'; readonly block: CommittedBlock }
  /** This height was final already. */
  | { readonly type: 'stale' }
  /** The certified header is not what execution here gives: `field` is the first that differs. */
  | { readonly type: 'differs'; readonly field: string; readonly certified: string; readonly own: string };

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
