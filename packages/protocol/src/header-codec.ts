import type { CryptoSuite } from '@hansa/crypto';
import type { HashHex, Result } from '@hansa/primitives';
import type { BlockHeader } from './block.ts';
import type { ProtocolFailure } from './errors.ts';
import { readIdentifier, writeIdentifier } from './identifier.ts';
import { HEADER_EXTENSION_COUNT_MAX } from './limits.ts';
import { Reader } from './reader.ts';
import { TAGS } from './tags.ts';
import { Writer } from './writer.ts';

/** The only version of the header so far. */
export const HEADER_VERSION = 1;

/** spec FMT-31. */
export function encodeHeader(header: BlockHeader): Uint8Array {
  const writer = new Writer(512).u32(header.version).u64(header.chainId);
  writeIdentifier(writer, header.groupId);
  return writer
    .u64(header.height)
    .u64(header.term)
    .u64(header.view)
    .hex(header.proposer, 64)
    .hex(header.parentHash, 32)
    .u64(header.timestamp)
    .hex(header.proposalDigest, 32)
    .hex(header.txRoot, 32)
    .hex(header.receiptRoot, 32)
    .hex(header.stateRoot, 32)
    .u64Bigint(header.gasUsed)
    .u64Bigint(header.gasLimit)
    .hex(header.validatorsHash, 32)
    .hex(header.nextValidatorsHash, 32)
    .hex(header.registryRoot, 32)
    .list(header.extensions, (w, log) => w.u64Bigint(log.size).hex(log.root, 32))
    .finish();
}

/** Checks the form only; that the block is final is what its certificate proves. */
export function decodeHeader(bytes: Uint8Array): Result<BlockHeader, ProtocolFailure> {
  const reader = new Reader(bytes, 'header');
  const version = reader.u32();
  if (!reader.failed && version !== HEADER_VERSION) {
    reader.fail(
      'PROTOCOL_UNKNOWN_VERSION',
      `version ${version} is not ${HEADER_VERSION}, the one that this program knows`,
    );
  }
  return reader.finish({
    version,
    chainId: reader.u64(),
    groupId: readIdentifier(reader),
    height: reader.height(),
    term: reader.term(),
    view: reader.view(),
    proposer: reader.nodeId(),
    parentHash: reader.hash(),
    timestamp: reader.u64(),
    proposalDigest: reader.hash(),
    txRoot: reader.hash(),
    receiptRoot: reader.hash(),
    stateRoot: reader.hash(),
    gasUsed: reader.u64Bigint(),
    gasLimit: reader.u64Bigint(),
    validatorsHash: reader.hash(),
    nextValidatorsHash: reader.hash(),
    registryRoot: reader.hash(),
    extensions: reader.list(HEADER_EXTENSION_COUNT_MAX, (r) => ({ size: r.u64Bigint(), root: r.hash() })),
  });
}

/** Digest of the header: the block hash everywhere (RPC, BLOCKHASH, votes). */
export function blockHash(suite: CryptoSuite, header: BlockHeader): HashHex {
  return suite.taggedDigest(TAGS.header, encodeHeader(header));
}
