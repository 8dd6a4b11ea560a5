/** Every decoder that sees bytes from outside. */
import type { FuzzTarget } from '../target.ts';
import { blockTargets } from './block-targets.ts';
import { contractTargets } from './contract-targets.ts';
import { evmContractTargets } from './evm-contract-targets.ts';
import { evmTargets } from './evm-targets.ts';
import { networkTargets } from './network-targets.ts';
import { nodeTargets } from './node-targets.ts';
import { rpcTargets } from './rpc-targets.ts';
import { syncBlockTargets } from './sync-block-targets.ts';
import { textTargets } from './text-targets.ts';
import { transactionTargets } from './transaction-targets.ts';
import { wireTargets } from './wire-targets.ts';

export function createTargets(): FuzzTarget[] {
  return [
    ...transactionTargets(),
    ...blockTargets(),
    ...wireTargets(),
    ...networkTargets(),
    ...nodeTargets(),
    ...contractTargets(),
    ...syncBlockTargets(),
    ...textTargets(),
    ...rpcTargets(),
    ...evmTargets(),
    ...evmContractTargets(),
  ];
}
