/** Bytes of the signer's record (docs/spec/signer.md, SGN-5). Own disk only. */
import { assert, bytesToHex, fromHex, type HashHex } from '@hansa/primitives';
import { ByteReader, ByteWriter } from '../consensus/byte-codec.ts';
import type { SignerMark } from '../consensus/vote-record.ts';
import type { ProtectionRecord, SlotKind } from './protection.ts';

export type SignerRecord =
  | ProtectionRecord
  /** The chain to which the signer is bound. */
  | { readonly type: 'chain'; readonly genesisHash: HashHex }
  /** spec SGN-10; written in each batch. */
  | ({ readonly type: 'mark' } & SignerMark);

const KINDS = ['slot', 'final', 'position', 'chain', 'mark'] as const satisfies readonly SignerRecord['type'][];
const SLOT_KINDS = [
  'proposal',
  'prepare',
  'commit',
  'result',
  'view-change',
  'new-view',
] as const satisfies readonly SlotKind[];

/** First byte: position of the kind in the list above; the numbers are part of the format. */
export function encodeSignerRecord(record: SignerRecord): Uint8Array {
  const out = new ByteWriter();
  out.u8(KINDS.indexOf(record.type));
  switch (record.type) {
    case 'slot':
      out.u8(SLOT_KINDS.indexOf(record.kind)).u64(record.term).u64(record.view).u64(record.height);
      return out.hash(record.content).hash(record.parent).finish();
    case 'final':
      return out.u64(record.height).hash(record.proposalDigest).finish();
    case 'position':
      return out.u64(record.term).u64(record.view).finish();
    case 'chain':
      return out.hash(record.genesisHash).finish();
    case 'mark':
      return out.bytes(fromHex(record.id)).u64(record.sequence).finish();
  }
}

/** @throws InvariantError on bytes that this program did not write: the checksums were right, so the format is another */
export function decodeSignerRecord(bytes: Uint8Array): SignerRecord {
  const from = new ByteReader(bytes);
  const record = readRecord(from);
  assert(from.isAtEnd, `a record of ${bytes.length} bytes has bytes left over`);
  return record;
}

function readRecord(from: ByteReader): SignerRecord {
  const type = KINDS[from.u8()];
  assert(type !== undefined, 'a record of an unknown kind');
  switch (type) {
    case 'slot': {
      const kind = SLOT_KINDS[from.u8()];
      assert(kind !== undefined, 'a slot of an unknown kind');
      const [term, view, height] = [from.u64(), from.u64(), from.u64()];
      return { type, kind, term, view, height, content: from.hash(), parent: from.hash() };
    }
    case 'final':
      return { type, height: from.u64(), proposalDigest: from.hash() };
    case 'position':
      return { type, term: from.u64(), view: from.u64() };
    case 'chain':
      return { type, genesisHash: from.hash() };
    case 'mark':
      return { type, id: bytesToHex(from.bytes()), sequence: from.u64() };
  }
}
