/** Valid messages that help nobody: rightly signed votes, for other proposals or far away, and questions without end. */
import type { ConsensusPacket } from '@hansa/node';
import type { Height, View } from '@hansa/primitives';
import type { LiarNode, LiarRun } from '../simulator/byzantine.ts';
import { Forger } from '../simulator/forgery.ts';
import type { Prng } from '../simulator/prng.ts';

const INTERVAL_US = 50_000;
/**
 * To each peer in an interval: 2,000 messages in a second, twenty times what an honest validator says at ten blocks a
 * second. In few frames, so that no limit of frames is met before the signatures have to be checked.
 */
const FRAMES_PER_INTERVAL = 5;
const MESSAGES_PER_FRAME = 20;
/** Within a window, where votes have to be verified, and beyond everything. */
const DISTANCES = [1, 2, 8, 1_000];

export type FloodRun = {
  readonly world: LiarRun['world'];
  /** One frame to each peer. */
  broadcast(packets: readonly ConsensusPacket[]): void;
};

export class Flood {
  readonly #node: LiarNode;
  readonly #run: FloodRun;
  readonly #forger: Forger;
  readonly #chance: Prng;

  constructor(node: LiarNode, run: FloodRun, chance: Prng) {
    this.#node = node;
    this.#run = run;
    this.#chance = chance;
    this.#forger = new Forger(node, run.world, chance.fork(1));
    this.#flow();
  }

  #flow(): void {
    this.#run.world.queue.after(INTERVAL_US, () => {
      for (let i = 0; i < FRAMES_PER_INTERVAL; i++) {
        this.#run.broadcast(Array.from({ length: MESSAGES_PER_FRAME }, () => this.#useless()));
      }
      this.#flow();
    });
  }

  #useless(): ConsensusPacket {
    const { author } = this.#forger;
    const view = ((this.#node.status?.view ?? 0) + this.#chance.pick([0, 0, 1, 1_000])) as View;
    const height = (this.#node.state.height + this.#chance.between(1, this.#chance.pick(DISTANCES))) as Height;
    const digest = this.#run.world.hash(`useless ${this.#chance.hex(8)}`);
    this.#run.world.count('lie: flood');
    switch (this.#chance.below(8)) {
      case 0:
      case 1:
        return { type: 'pbft', message: this.#forger.sign({ type: 'prepare', ...author, view, height, digest }) };
      case 2:
      case 3:
        return { type: 'pbft', message: this.#forger.sign({ type: 'commit', ...author, view, height, digest }) };
      case 4:
        return {
          type: 'pbft',
          message: this.#forger.sign({ type: 'suspect', ...author, view, decidedHeight: height }),
        };
      case 5:
        return { type: 'proposal-request', digest, heightMin: height };
      case 6:
        return { type: 'transaction-request', hashes: [digest] };
      default:
        return { type: 'final-height-request', nonce: this.#chance.hex(16) };
    }
  }
}
