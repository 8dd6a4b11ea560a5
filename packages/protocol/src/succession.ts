/** What is signed when a node or an organisation changes its keys (docs/spec/succession.md). */
import type { CryptoSuite } from '@hansa/crypto';
import type { AddressHex, HashHex, Height, NodeId } from '@hansa/primitives';
import { writeIdentifier } from './identifier.ts';
import { TAGS } from './tags.ts';
import { Writer } from './writer.ts';

/** A node hands its place over to another one. */
export type SuccessionCertificate = {
  readonly genesisHash: HashHex;
  readonly oldNodeId: NodeId;
  readonly newNodeId: NodeId;
  /** Height of the last change of the old node: the next one makes the certificate worthless. */
  readonly since: Height;
};

/** What the old key, or the admins of its organisation, sign (spec SUC-1). */
export function successionDigest(
  suite: Pick<CryptoSuite, 'taggedDigest'>,
  { genesisHash, oldNodeId, newNodeId, since }: SuccessionCertificate,
): HashHex {
  const body = new Writer().hex(genesisHash, 32).hex(oldNodeId, 64).hex(newNodeId, 64).u64(since);
  return suite.taggedDigest(TAGS.succession, body.finish());
}

export type AdminsChange = {
  readonly genesisHash: HashHex;
  readonly organisationId: string;
  /** Changes of this kind that the organisation has made before. */
  readonly changeCount: number;
  /** Ascending. */
  readonly admins: readonly AddressHex[];
  readonly threshold: number;
};

/** What present and new admin accounts sign (spec SUC-10). */
export function adminsDigest(suite: Pick<CryptoSuite, 'taggedDigest'>, change: AdminsChange): HashHex {
  const writer = new Writer().hex(change.genesisHash, 32);
  writeIdentifier(writer, change.organisationId);
  const body = writer
    .u64(change.changeCount)
    .list(change.admins, (w, admin) => w.hex(admin, 20))
    .u32(change.threshold);
  return suite.taggedDigest(TAGS.admins, body.finish());
}
