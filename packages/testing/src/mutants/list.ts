/** All deliberate faults. */
import { DRIVER_MUTANTS } from './list-driver.ts';
import { NODE_MUTANTS } from './list-node.ts';
import { QUORUM_MUTANTS } from './list-quorum.ts';
import { RESTART_MUTANTS } from './list-restart.ts';
import { VIEW_MUTANTS } from './list-view.ts';
import type { Mutant } from './mutant.ts';

export const MUTANTS: readonly Mutant[] = [
  ...QUORUM_MUTANTS,
  ...VIEW_MUTANTS,
  ...RESTART_MUTANTS,
  ...DRIVER_MUTANTS,
  ...NODE_MUTANTS,
];
