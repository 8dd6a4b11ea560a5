import type { CryptoSuite } from '@hansa/crypto';
import type { HashHex, Result } from '@hansa/primitives';
import type { ProtocolFailure } from './errors.ts';
import { readIdentifier, writeIdentifier } from './identifier.ts';
import { VALIDATOR_COUNT_MAX, VALIDATOR_WEIGHT_MAX } from './limits.ts';
import { Reader } from './reader.ts';
import { TAGS } from './tags.ts';
import type { ValidatorSet } from './validator-set.ts';
import { Writer } from './writer.ts';

/** spec FMT-40. */
export function encodeValidatorSet(validators: ValidatorSet): Uint8Array {
  return writeValidatorSet(new Writer(4 + 104 * validators.length), validators).finish();
}

export function decodeValidatorSet(bytes: Uint8Array): Result<ValidatorSet, ProtocolFailure> {
  const reader = new Reader(bytes, 'validator set');
  return reader.finish(readValidatorSet(reader));
}

/** `validatorsHash` and `nextValidatorsHash` of headers. */
export function validatorsHash(suite: CryptoSuite, validators: ValidatorSet): HashHex {
  return suite.taggedDigest(TAGS.validators, encodeValidatorSet(validators));
}

export function writeValidatorSet(writer: Writer, validators: ValidatorSet): Writer {
  return writer.list(validators, (w, validator) => {
    w.hex(validator.nodeId, 64).u32(validator.weight);
    writeIdentifier(w, validator.organisationId);
  });
}

export function readValidatorSet(reader: Reader): ValidatorSet {
  let previous = '';
  return reader.list(VALIDATOR_COUNT_MAX, (r) => {
    const nodeId = r.nodeId();
    const weight = r.u32();
    const organisationId = readIdentifier(r);
    if (nodeId <= previous) r.fail('PROTOCOL_NOT_CANONICAL', 'validators must ascend by node id');
    if (weight < 1 || weight > VALIDATOR_WEIGHT_MAX) {
      r.fail('PROTOCOL_OUT_OF_RANGE', `weight ${weight} is not between 1 and ${VALIDATOR_WEIGHT_MAX}`);
    }
    previous = nodeId;
    return { nodeId, weight, organisationId };
  });
}
