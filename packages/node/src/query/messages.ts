import type { HashHex, Height } from '@hansa/primitives';
import type { AccessListEntry } from '@hansa/protocol';
import type { CallOutcome, CallRequest, TraceOptions } from '@hansa/rpc';

export type QueryWorkerData = {
  readonly location: string;
  readonly suite: 'standard' | 'sm';
  readonly chainId: number;
};

export type QueryBody =
  | { readonly type: 'call'; readonly request: CallRequest; readonly height: Height }
  | { readonly type: 'estimateGas'; readonly request: CallRequest; readonly height: Height }
  | { readonly type: 'createAccessList'; readonly request: CallRequest; readonly height: Height }
  | {
      readonly type: 'trace';
      readonly height: Height;
      readonly index: number | undefined;
      readonly options: TraceOptions;
    };

export type TransactionTrace = { readonly transactionHash: HashHex; readonly trace: unknown };

/** Answers by type of question. */
export type QueryAnswers = {
  readonly call: CallOutcome;
  readonly estimateGas: CallOutcome;
  readonly createAccessList: { readonly accessList: readonly AccessListEntry[]; readonly outcome: CallOutcome };
  readonly trace: readonly TransactionTrace[];
};

export type PlainQueryFailure = { readonly code: string; readonly message: string; readonly remedy?: string };
export type QueryRequestMessage = { readonly id: number; readonly body: QueryBody };
export type QueryAnswerMessage =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: PlainQueryFailure };
