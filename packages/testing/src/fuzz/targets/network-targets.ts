/** What strangers and peers send before and beside the frames of the channels (docs/spec/network.md). */
import {
  CHANNELS,
  type ControlFrame,
  checkPreamble,
  DEFAULT_NETWORK_LIMITS,
  decodeControlFrame,
  encodeControlFrame,
  encodePreamble,
  FrameDecoder,
  mayBePreamble,
  parseDialAddress,
  peerIdOfNodeId,
} from '@hansa/network';
import { bytesToHex, concatBytes, equalBytes, type HashHex, type NodeId } from '@hansa/primitives';
import {
  decodeInvite,
  decodeJoinRequest,
  encodeInvite,
  encodeJoinRequest,
  encodeUtf8,
  type Invite,
} from '@hansa/protocol';
import type { Prng } from '../../simulator/prng.ts';
import { accepted, canonicalTarget, createTarget, type FuzzTarget } from '../target.ts';
import * as values from '../values.ts';
import { textOf } from './text-targets.ts';

const NETWORK = { chainId: 20_200, groupId: 'group0', genesisHash: 'ab'.repeat(32) as HashHex };

export function networkTargets(): FuzzTarget[] {
  return [
    createTarget({
      name: 'preamble',
      about: 'first bytes of a connection, in the clear',
      generate: () => encodePreamble(NETWORK),
      decode: (input) => {
        const may = mayBePreamble(input);
        const checked = checkPreamble(input, NETWORK);
        if (checked.ok && !may) throw new Error('accepted, though its first bytes are refused');
        return accepted(checked) ?? (checked.ok ? true : undefined);
      },
      check: (_, input) =>
        equalBytes(input, encodePreamble(NETWORK)) || equalBytes(input, encodePreamble(NETWORK, 'newcomer'))
          ? undefined
          : 'another preamble than that of this network is taken',
    }),
    canonicalTarget({
      name: 'control-frame',
      about: 'frame of the status stream: status, ping, head, goodbye',
      value: controlFrame,
      encode: encodeControlFrame,
      decode: (input) => {
        const decoded = decodeControlFrame(input);
        // Reasons of later versions are read as "closed", which has the number 0: not the same bytes, on purpose.
        return decoded.ok && decoded.value.type === 'goodbye' && decoded.value.reason === 'closed' && input[1] !== 0
          ? { ok: false, error: 'a reason of a later version' }
          : decoded;
      },
    }),
    canonicalTarget({
      name: 'invite',
      about: 'content of an invite',
      value: invite,
      encode: encodeInvite,
      decode: decodeInvite,
    }),
    canonicalTarget({
      name: 'join-request',
      about: 'what a newcomer says at the door',
      value: (prng) => ({
        content: encodeInvite(invite(prng)),
        signatures: values.bytes(prng, 65 * prng.below(3)),
        addresses: ['/ip4/10.0.0.1/tcp/30300', '/dns4/node.example/tcp/1'].slice(prng.below(3)),
        ticketSignature: values.signature(prng),
        nodeSignature: values.signature(prng),
      }),
      encode: encodeJoinRequest,
      decode: decodeJoinRequest,
    }),
    framing(),
    dialAddress(),
  ];
}

function invite(prng: Prng): Invite {
  return {
    chainId: 1 + prng.below(30_000),
    groupId: 'group0',
    genesisHash: values.hash(prng),
    organisationId: 'BankG',
    inviterId: 'BankA',
    ticket: prng.pick(values.NODE_IDS),
    expiresAt: prng.below(2 ** 31),
    entries: [{ nodeId: prng.pick(values.NODE_IDS), address: '/ip4/10.0.0.1/tcp/30300' }],
  };
}

function controlFrame(prng: Prng): ControlFrame {
  const text = (sizeMax: number): string => 'Hansa/v0.1.0 ~!'.repeat(1 + prng.below(4)).slice(0, sizeMax);
  switch (prng.below(6)) {
    case 0:
      return { type: 'accept' };
    case 1:
      return { type: 'ping', sequence: values.u32(prng) };
    case 2:
      return { type: 'pong', sequence: values.u32(prng), timeMs: values.natural(prng) };
    case 3:
      return { type: 'head', height: values.height(prng), headHash: values.hash(prng) };
    case 4:
      return { type: 'goodbye', reason: prng.pick(['restarted', 'rateLimit', 'otherGenesis']), message: text(60) };
    default:
      return {
        type: 'status',
        status: {
          protocolVersion: values.u32(prng),
          chainId: values.natural(prng),
          groupId: values.group(prng),
          genesisHash: values.hash(prng),
          height: values.height(prng),
          headHash: values.hash(prng),
          nodeId: prng.pick(values.NODE_IDS),
          instance: prng.hex(16),
          agent: text(64),
          timeMs: values.natural(prng),
          listenAddresses: values.list(prng, 3, (chance) => `/ip4/10.0.0.${chance.below(256)}/tcp/30300`),
        },
      };
  }
}

/** First byte: channel and sizes of the pieces in which the stream arrives. The frames must not depend on them. */
function framing(): FuzzTarget {
  const cut = (input: Uint8Array, pieceSize: number): { frames: Uint8Array[]; fault: string | undefined } => {
    const channel = CHANNELS[(input[0] ?? 0) % CHANNELS.length] as (typeof CHANNELS)[number];
    const decoder = new FrameDecoder(DEFAULT_NETWORK_LIMITS.channels[channel].frameSizeMax);
    const frames: Uint8Array[] = [];
    for (let at = 1; at < input.length; at += pieceSize) {
      const fault = decoder.push(input.subarray(at, at + pieceSize), (frame) => frames.push(frame));
      if (fault !== undefined) return { frames, fault: fault.message };
    }
    return { frames, fault: undefined };
  };
  return createTarget({
    name: 'framing',
    about: 'frames cut out of a stream of bytes',
    generate: (prng) => {
      const frames = values.list(prng, 4, () => values.bytes(prng, 60)).filter((frame) => frame.length > 0);
      const parts = frames.flatMap((frame) => [Uint8Array.of(0, 0, 0, frame.length), frame]);
      return concatBytes(Uint8Array.of(prng.below(256)), ...parts);
    },
    decode: (input) => cut(input, 1 + ((input[0] ?? 0) >> 2)),
    check: ({ frames, fault }, input) => {
      const whole = cut(input, input.length + 1);
      if (whole.fault !== fault || whole.frames.length !== frames.length) return 'the pieces change what arrives';
      if (!frames.every((frame, at) => equalBytes(frame, whole.frames[at] as Uint8Array))) return 'a frame differs';
      const taken = frames.map((frame) => bytesToHex(frame)).join('');
      return frames.some((frame) => frame.length === 0) || taken.length > 2 * input.length
        ? 'a frame of nothing'
        : undefined;
    },
  });
}

function dialAddress(): FuzzTarget {
  const peerId = peerIdOfNodeId(values.NODE_IDS[0] as NodeId);
  return createTarget({
    name: 'dial-address',
    about: 'address that a peer says it listens on',
    generate: (prng) =>
      encodeUtf8(
        prng.pick([
          `/ip4/10.0.0.${prng.below(256)}/tcp/${prng.below(65_536)}`,
          '/ip6/::1/tcp/30300',
          '/dns4/node.bank.example/tcp/30300',
          `/dns/node/tcp/1/p2p/${peerId}`,
        ]),
      ),
    // A peer's texts have at most 256 characters (NET-12).
    decode: (input) => parseDialAddress(textOf(input).slice(0, 256), String(peerId)),
    check: (address) => {
      const again = parseDialAddress(address.toString(), String(peerId));
      return again?.toString() === address.toString() ? undefined : `${address.toString()} is not read back`;
    },
  });
}
