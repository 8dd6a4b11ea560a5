/** Transactions that a node sends by itself, from the account of its key (docs/spec/governance.md, GOV-40). */
import { accountOfNode } from '@hansa/executor';
import type { AddressHex, Failure, HashHex, NodeId, Result } from '@hansa/primitives';
import type { Clock } from './clock.ts';
import type { HeadView } from './head-view.ts';
import type { Logger } from './logger.ts';
import type { NodeKey } from './node-key.ts';

/** A transaction that is not in a block by then is given up; what it said can be said again. */
const WAIT_MS = 10_000;
const GAS_LIMIT = 1_000_000n;

export type NodeAccountDependencies = {
  readonly nodeId: NodeId;
  readonly key: Pick<NodeKey, 'signTransaction'>;
  readonly chainId: number;
  readonly headView: Pick<HeadView, 'head' | 'account'>;
  readonly submit: (raw: Uint8Array) => Promise<Result<HashHex, Failure>>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Pick<Logger, 'warn'>;
};

export type NodeAccount = {
  /** One transaction at a time: the next one needs its nonce. */
  isBusy(): boolean;
  /** Never throws, and waits for nothing; MUST NOT be called while busy. Free of charge for validators (EXE-18). */
  send(to: AddressHex, data: Uint8Array): void;
};

export function createNodeAccount(dependencies: NodeAccountDependencies): NodeAccount {
  const { nodeId, key, chainId, headView, submit, clock, logger } = dependencies;
  const account = accountOfNode(nodeId);
  let sent: { readonly nonce: bigint; readonly atMs: number } | undefined;

  function submitOwn(raw: Uint8Array): void {
    submit(raw).then(
      (result) => {
        if (!result.ok) logger.warn('an own transaction of this node is refused', { code: result.error.code });
      },
      (error: unknown) => logger.warn('an own transaction of this node failed', { error: String(error) }),
    );
  }

  return {
    isBusy: () =>
      sent !== undefined && headView.account(account).nonce <= sent.nonce && clock.monotonicMs() - sent.atMs < WAIT_MS,
    send: (to, data) => {
      const { nonce } = headView.account(account);
      const { txGasLimit } = headView.head().term.parameters;
      sent = { nonce, atMs: clock.monotonicMs() };
      const gasLimit = GAS_LIMIT < txGasLimit ? GAS_LIMIT : txGasLimit;
      key.signTransaction({ chainId, nonce, gasLimit, to, data }, (raw) => {
        if (raw === undefined)
          logger.warn('an own transaction of this node is not signed: its signer is away or refuses');
        else submitOwn(raw);
      });
    },
  };
}
