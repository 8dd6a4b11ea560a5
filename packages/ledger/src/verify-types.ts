import type { CryptoSuite } from '@hansa/crypto';
import type { HashHex, Height } from '@hansa/primitives';
import type { Block, CertifiedBlock, Receipt, TermInfo, ValidatorSet } from '@hansa/protocol';

/** What is wrong with a ledger, and where. */
export type VerifyFault = {
  readonly height: Height;
  /** e.g. `header.parentHash`, `certificate`, `body.transactions[3]`, `receipts[0]`, `state 01…`, `tree`. */
  readonly field: string;
  readonly message: string;
};

export type VerifyReport =
  | { readonly ok: true; readonly height: Height; readonly transactionCount: number; readonly stateEntryCount: number }
  | { readonly ok: false; readonly fault: VerifyFault };

/** A block whose header, certificate, transactions and receipts were found right. `certificate` is undefined for genesis. */
export type VerifiedBlock = {
  readonly block: Block;
  readonly certificate: CertifiedBlock['certificate'] | undefined;
  readonly receipts: readonly Receipt[];
  readonly validators: ValidatorSet;
  readonly termInfo: TermInfo | undefined;
};

export type VerifyOptions = {
  readonly location: string;
  readonly suite: CryptoSuite;
  readonly expectedGenesisHash: HashHex;
  /** Called for each block in order, genesis first, e.g. to execute it again; a fault returned ends the check. */
  readonly onBlock?: (block: VerifiedBlock) => Promise<VerifyFault | undefined>;
  /** Work done so far, of the total, in units of blocks and state entries. */
  readonly onProgress?: (done: {
    readonly stage: 'blocks' | 'state';
    readonly count: number;
    readonly total: number;
  }) => void;
};
