export { assert, assertNever, InvariantError } from './assert.ts';
export { BoundedQueue } from './bounded-queue.ts';
export {
  type AddressHex,
  type Brand,
  type HashHex,
  type Height,
  isAddressHex,
  isHashHex,
  isNodeId,
  type NodeId,
  type Term,
  toAddressHex,
  toHashHex,
  toHeight,
  toNodeId,
  toTerm,
  toValidatorIndex,
  toView,
  type ValidatorIndex,
  type View,
  ZERO_ADDRESS,
  ZERO_HASH,
} from './brand.ts';
export {
  addressToHex,
  asciiBytes,
  bigintToBytes,
  bytesToBigint,
  bytesToHex,
  compareBytes,
  compareText,
  concatBytes,
  equalBytes,
  fromHex,
  hashToHex,
  hexToBytes,
} from './bytes.ts';
export { ChainError, type Failure, fail, ok, type Result } from './result.ts';
