import type { Failure } from '@hansa/primitives';

/** Why bytes or text are no value of ours. One list for the package; docs/spec/formats.md says which rule raises which. */
export type ProtocolErrorCode =
  /** The bytes end before the value does. */
  | 'PROTOCOL_TRUNCATED'
  /** The value ends before the bytes do. */
  | 'PROTOCOL_TRAILING_BYTES'
  /** A count or a length is above its maximum of limits.ts. */
  | 'PROTOCOL_LIMIT_EXCEEDED'
  /** A field has a value that its type does not have. */
  | 'PROTOCOL_OUT_OF_RANGE'
  /** The same value has another, canonical encoding. */
  | 'PROTOCOL_NOT_CANONICAL'
  | 'PROTOCOL_UNKNOWN_VERSION'
  | 'PROTOCOL_UNKNOWN_KIND'
  /** Protobuf could not be read at all. */
  | 'PROTOCOL_FRAME_MALFORMED'
  | 'PROTOCOL_TX_TOO_LARGE'
  | 'PROTOCOL_TX_TYPE_REFUSED'
  | 'PROTOCOL_TX_MALFORMED'
  | 'PROTOCOL_TX_NOT_CANONICAL'
  | 'PROTOCOL_TX_OUT_OF_RANGE'
  | 'PROTOCOL_TX_CHAIN_ID_MISSING'
  | 'PROTOCOL_TX_CHAIN_ID_RANGE'
  | 'PROTOCOL_TX_FEE_CAP_BELOW_TIP'
  | 'PROTOCOL_TX_HIGH_S'
  | 'PROTOCOL_TX_SIGNATURE_RANGE'
  | 'PROTOCOL_TX_SIGNATURE_INVALID'
  | 'PROTOCOL_TX_LAST_HEIGHT_MALFORMED'
  | 'PROTOCOL_CERTIFICATE_UNKNOWN_SIGNER'
  | 'PROTOCOL_CERTIFICATE_ORDER'
  | 'PROTOCOL_CERTIFICATE_NO_QUORUM'
  | 'PROTOCOL_CERTIFICATE_BAD_SIGNATURE'
  | 'PROTOCOL_PARAMETER_UNKNOWN'
  | 'PROTOCOL_PARAMETER_MALFORMED'
  | 'PROTOCOL_PARAMETER_OUT_OF_RANGE'
  | 'PROTOCOL_PARAMETER_CONFLICT'
  | 'PROTOCOL_GENESIS_NOT_JSON'
  | 'PROTOCOL_GENESIS_UNKNOWN_KEY'
  | 'PROTOCOL_GENESIS_MISSING_KEY'
  | 'PROTOCOL_GENESIS_WRONG_TYPE'
  | 'PROTOCOL_GENESIS_OUT_OF_RANGE'
  | 'PROTOCOL_GENESIS_ORDER'
  | 'PROTOCOL_GENESIS_CONFLICT';

export type ProtocolFailure = Failure<ProtocolErrorCode>;
