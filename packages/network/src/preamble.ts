import { asciiBytes, bytesToHex, concatBytes, fail, fromHex, type HashHex, ok, type Result } from '@hansa/primitives';
import type { PeerReason } from './errors.ts';

/** Version of everything in docs/spec/network.md. */
export const NETWORK_PROTOCOL_VERSION = 1;

/** Which network a node belongs to. */
export type NetworkName = { readonly chainId: number; readonly groupId: string; readonly genesisHash: HashHex };

/** Who speaks: a node, or somebody with an invite (spec JOIN-20). */
export type PreambleKind = 'node' | 'newcomer';

const MAGIC: Readonly<Record<PreambleKind, Uint8Array>> = {
  node: asciiBytes('HANSA'),
  newcomer: asciiBytes('HANSJ'),
};
const MAGIC_SIZE = 5;
const FINGERPRINT_SIZE = 16;
/** NET-3: the same in every version, so that versions can tell each other apart. */
export const PREAMBLE_SIZE: number = MAGIC_SIZE + 1 + 8 + FINGERPRINT_SIZE;

/** NET-3: what both sides send in the clear before anything else. It authenticates nothing: NET-4 does. */
export function encodePreamble(name: NetworkName, kind: PreambleKind = 'node'): Uint8Array {
  return concatBytes(
    MAGIC[kind],
    Uint8Array.of(NETWORK_PROTOCOL_VERSION),
    u64(name.chainId),
    fromHex(name.genesisHash).subarray(0, FINGERPRINT_SIZE),
  );
}

/** NET-4: noise binds both sides to the same chain, group and genesis. */
export function encodePrologue(name: NetworkName): Uint8Array {
  const tag = asciiBytes('hansa/noise/v1');
  const group = asciiBytes(name.groupId);
  return concatBytes(
    Uint8Array.of(tag.length),
    tag,
    u64(name.chainId),
    Uint8Array.of(group.length),
    group,
    fromHex(name.genesisHash),
  );
}

/** False as soon as the bytes so far cannot begin a preamble: garbage is refused at its first wrong byte. */
export function mayBePreamble(prefix: Uint8Array): boolean {
  return begins(prefix, MAGIC.node) || begins(prefix, MAGIC.newcomer);
}

function begins(prefix: Uint8Array, magic: Uint8Array): boolean {
  const size = Math.min(prefix.length, MAGIC_SIZE);
  for (let i = 0; i < size; i++) if (prefix[i] !== magic[i]) return false;
  return true;
}

export type Mismatch = { readonly reason: PeerReason; readonly message: string };

/** NET-3: who speaks, by a preamble that agrees with ours; the message completes "peer at ADDRESS …". */
export function checkPreamble(bytes: Uint8Array, name: NetworkName): Result<PreambleKind, Mismatch> {
  if (bytes.length !== PREAMBLE_SIZE || !mayBePreamble(bytes)) {
    return fail({ reason: 'garbage', message: 'is no Hansa node: its first bytes are not those of the protocol' });
  }
  const version = bytes[MAGIC_SIZE] as number;
  if (version !== NETWORK_PROTOCOL_VERSION) {
    return fail({
      reason: 'otherVersion',
      message: `speaks network protocol version ${version}, this node version ${NETWORK_PROTOCOL_VERSION}`,
    });
  }
  const chainId = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(MAGIC_SIZE + 1);
  if (chainId !== BigInt(name.chainId)) {
    return fail({ reason: 'otherChain', message: `is on chain ${chainId}, this node on chain ${name.chainId}` });
  }
  const theirs = bytesToHex(bytes.subarray(PREAMBLE_SIZE - FINGERPRINT_SIZE));
  const ours = name.genesisHash.slice(0, 2 * FINGERPRINT_SIZE);
  if (theirs !== ours) {
    return fail({
      reason: 'otherGenesis',
      message: `has another genesis of chain ${name.chainId}: its genesis hash begins with ${theirs.slice(0, 16)}, this node's with ${ours.slice(0, 16)}`,
    });
  }
  return ok(begins(bytes, MAGIC.node) ? 'node' : 'newcomer');
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
