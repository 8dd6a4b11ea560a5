/** Every decoder that sees bytes from outside. */
import type { FuzzTarget } from '../target.ts';
import { blockTargets } from './block-targets.ts';

export function createTargets(): FuzzTarget[] {
  return [...blockTargets()];
}
