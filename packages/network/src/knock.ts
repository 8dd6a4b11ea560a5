import './polyfill.ts';
import { fail, type NodeId, ok, type Result } from '@hansa/primitives';
import type { MessageStream } from '@libp2p/interface';
import { parseDialAddress } from './addresses.ts';
import { classifyDialError } from './dialer.ts';
import { DOOR_ANSWER_SIZE_MAX } from './door.ts';
import { readFrame, writeFrame } from './door-frames.ts';
import { createHost } from './host.ts';
import { libp2pKeyOf, peerOfNodeId } from './identity.ts';
import { DEFAULT_NETWORK_LIMITS } from './limits.ts';
import type { Mismatch, NetworkName } from './preamble.ts';

export type Knock = {
  readonly name: NetworkName;
  /** The node key of the newcomer, 32 bytes. */
  readonly privateKey: Uint8Array;
  readonly entry: { readonly nodeId: NodeId; readonly address: string };
  /** At most `DOOR_REQUEST_SIZE_MAX` bytes. */
  readonly request: Uint8Array;
};

const LIMITS = DEFAULT_NETWORK_LIMITS;

/** What an entry node answers to a newcomer (docs/spec/joining.md), or why there is no answer. Never rejects. */
export async function knock({ name, privateKey, entry, request }: Knock): Promise<Result<Uint8Array, Mismatch>> {
  const peer = peerOfNodeId(entry.nodeId)?.toString();
  const address = peer === undefined ? undefined : parseDialAddress(entry.address, peer);
  if (address === undefined) return fail({ reason: 'unreachable', message: 'has no address that can be dialed' });
  let refusal: Mismatch | undefined;
  let answer: Uint8Array | undefined;
  const host = await createHost({
    key: libp2pKeyOf(privateKey).key,
    listen: [],
    limits: LIMITS,
    gater: {},
    security: {
      name,
      limits: LIMITS,
      refusal: () => undefined,
      onRefusal: (_connection, why) => {
        refusal = why;
      },
      visit: async (connection: MessageStream) => {
        writeFrame(connection, request);
        answer = await readFrame(connection, DOOR_ANSWER_SIZE_MAX, LIMITS.upgradeTimeoutMs);
        refusal = { reason: 'closed', message: 'ended the connection without an answer' };
      },
    },
  });
  try {
    await host.start();
    await host.dial(address, { signal: AbortSignal.timeout(LIMITS.dialTimeoutMs), force: true });
  } catch (error) {
    // A connection to the door always ends like this, also when all was said.
    refusal ??= classifyDialError(error);
  } finally {
    await host.stop();
  }
  if (answer !== undefined) return ok(answer);
  return fail(refusal ?? { reason: 'closed', message: 'let a newcomer in without having heard it' });
}
