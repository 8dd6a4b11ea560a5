import type { Result, ValidatorIndex } from '@hansa/primitives';
import type { ProtocolFailure } from './errors.ts';
import { VALIDATOR_COUNT_MAX } from './limits.ts';
import { readParameters, writeParameters } from './parameter-table.ts';
import { Reader } from './reader.ts';
import type { TermInfo } from './validator-set.ts';
import { readValidatorSet, writeValidatorSet } from './validator-set-codec.ts';
import { Writer } from './writer.ts';

/** spec FMT-51. */
export function encodeTermInfo(info: TermInfo): Uint8Array {
  const writer = new Writer()
    .u64(info.term)
    .u64(info.baseHeight)
    .hex(info.baseHash, 32)
    .hex(info.baseProposalDigest, 32)
    .u64(info.baseTimestamp);
  writeValidatorSet(writer, info.validators)
    .list(info.primaryOrder, (w, index) => w.u32(index))
    .u64(info.endHeight)
    .boolean(info.endScheduled);
  return writeParameters(writer, info.parameters).finish();
}

export function decodeTermInfo(bytes: Uint8Array): Result<TermInfo, ProtocolFailure> {
  const reader = new Reader(bytes, 'term');
  const info: TermInfo = {
    term: reader.term(),
    baseHeight: reader.height(),
    baseHash: reader.hash(),
    baseProposalDigest: reader.hash(),
    baseTimestamp: reader.u64(),
    validators: readValidatorSet(reader),
    primaryOrder: reader.list(VALIDATOR_COUNT_MAX, (r) => r.validatorIndex()),
    endHeight: reader.height(),
    endScheduled: reader.boolean(),
    parameters: readParameters(reader),
  };
  if (!reader.failed && !isPermutation(info.primaryOrder, info.validators.length)) {
    reader.fail('PROTOCOL_OUT_OF_RANGE', 'the order of primaries must name each validator once');
  }
  if (!reader.failed && info.endHeight <= info.baseHeight) {
    reader.fail('PROTOCOL_OUT_OF_RANGE', `a term that ends at ${info.endHeight} cannot stand on ${info.baseHeight}`);
  }
  return reader.finish(info);
}

function isPermutation(order: readonly ValidatorIndex[], count: number): boolean {
  return order.length === count && new Set(order).size === count && order.every((index) => index < count);
}
