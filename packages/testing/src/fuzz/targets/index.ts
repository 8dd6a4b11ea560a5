/** Every decoder that sees bytes from outside. */
import type { FuzzTarget } from '../target.ts';
import { blockTargets } from './block-targets.ts';
import { textTargets } from './text-targets.ts';
import { transactionTargets } from './transaction-targets.ts';
import { wireTargets } from './wire-targets.ts';

export function createTargets(): FuzzTarget[] {
  return [...transactionTargets(), ...blockTargets(), ...wireTargets(), ...textTargets()];
}
