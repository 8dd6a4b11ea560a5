/** What a simulated liar forges with. */
import type { LiarRun } from './byzantine.ts';
import type { EventQueue } from './event-queue.ts';
import type { ForgingWorld } from './forgery.ts';
import { SIM_CHAIN_ID, SIM_GROUP_ID } from './sim-chain.ts';
import { simHash, simSign } from './sim-crypto.ts';
import { EPOCH_MS } from './world.ts';

type SharedWorld = Pick<ForgingWorld, 'digests'> & Pick<LiarRun['world'], 'count'> & { readonly queue: EventQueue };

export function simForgingWorld(world: SharedWorld): LiarRun['world'] {
  return {
    chainId: SIM_CHAIN_ID,
    groupId: SIM_GROUP_ID,
    digests: world.digests,
    queue: world.queue,
    clockMs: () => EPOCH_MS + world.queue.nowMs,
    hash: simHash,
    sign: simSign,
    count: (what) => world.count(what),
  };
}
