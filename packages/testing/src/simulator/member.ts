/** What network, checkers and world see of a node: its name, whether it is there, and its ledger. */
import type { NodeId } from '@hansa/primitives';
import type { SimPacket } from './packet.ts';
import type { SimBlock, SimState } from './sim-chain.ts';

export type Member = {
  readonly index: number;
  readonly nodeId: NodeId;
  /** Its index; `3T` is the second process of member 3. */
  readonly label: string;
  /** Byzantine members are not judged. */
  readonly isByzantine: boolean;
  /** The vote store was lost, damaged or rolled back at some time. */
  readonly wasWiped: boolean;
  /** It was rolled back within one incarnation: no check can tell it what it signed (VS-10), so it counts as faulty. */
  readonly hasForgottenVotes: boolean;
  /** Differs from '' in a replica whose executor is nondeterministic. */
  readonly executionFault: string;
  readonly disk: { readonly isFull: boolean };
  readonly isUp: boolean;
  readonly isPaused: boolean;
  readonly height: number;
  readonly blocks: readonly SimBlock[];
  readonly state: SimState;
  receive(from: Member, packet: SimPacket): void;
  /** Runs later in this process, unless it is gone by then. */
  later(delayUs: number, run: () => void): void;
};
