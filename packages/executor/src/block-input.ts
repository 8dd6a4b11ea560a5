import type { CryptoSuite } from '@hansa/crypto';
import type { Registry } from '@hansa/membership';
import type { HashHex } from '@hansa/primitives';
import type {
  BlockBody,
  BlockHeader,
  LeftOut,
  Proposal,
  Receipt,
  SignedTransaction,
  StateChange,
  StateReader,
  TermInfo,
} from '@hansa/protocol';
import type { EngineName } from './machine.ts';

export type BlockInput = {
  readonly suite: CryptoSuite;
  readonly parent: { readonly header: BlockHeader; readonly hash: HashHex };
  readonly proposal: Proposal;
  /** Those of the proposal, in its order; without the left-out ones when `leftOut` is given. */
  readonly transactions: readonly SignedTransaction[];
  /**
   * Of a certified block that is executed again: what it left out had no effect and is not there any more. Were one of
   * `transactions` left out here, the header would differ from the certified one.
   */
  readonly leftOut?: readonly LeftOut[];
  /** State after the parent. */
  readonly state: StateReader;
  /** Hash of an ancestor, undefined when there is none at that height. */
  readonly blockHashAt: (height: number) => HashHex | undefined;
  /**
   * `both` runs the block in each engine and stops at the first difference; `all` with every code compiled, too. All give the
   * same blocks.
   */
  readonly engine?: EngineName | 'both' | 'all' | undefined;
  /** State root after these changes on top of `state`. Called once, last. */
  readonly stateRootAfter: (changes: readonly StateChange[]) => HashHex;
};

export type ExecutedBlock = {
  readonly header: BlockHeader;
  readonly body: BlockBody;
  readonly receipts: readonly Receipt[];
  readonly changes: readonly StateChange[];
  /** Term in force for the next height. */
  readonly termInfo: TermInfo;
  readonly registry: Registry;
  /** Executed transactions, in order. */
  readonly executed: readonly SignedTransaction[];
};
