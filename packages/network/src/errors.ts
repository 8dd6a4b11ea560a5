import type { Failure } from '@hansa/primitives';

/** Failures of starting the network. */
export type NetworkErrorCode = 'NETWORK_ADDRESS_IN_USE' | 'NETWORK_ADDRESS_INVALID' | 'NETWORK_START_FAILED';

/**
 * Why a connection was not made or ended; also the label of the counters `refused` and `closed`.
 * Those that travel in a goodbye frame have a number in docs/spec/network.md, NET-17.
 */
export type PeerReason =
  /** The first bytes were not those of a Hansa node. */
  | 'garbage'
  | 'otherVersion'
  | 'otherChain'
  | 'otherGenesis'
  /** Not in the registry (any more), or this node is not in the peer's. */
  | 'notAdmitted'
  /** A second process runs with the same node key. */
  | 'sameKey'
  /** There is already a better connection to the same node. */
  | 'duplicate'
  /** The peer came back as a new process. */
  | 'restarted'
  | 'stopping'
  | 'tooManyConnections'
  /** Its address is not one that the operator of this node lets in. */
  | 'hostDenied'
  | 'handshakeTimeout'
  | 'heartbeatTimeout'
  /** A frame too long, of unknown kind, or undecodable. */
  | 'protocolViolation'
  | 'rateLimit'
  | 'unreachable'
  | 'encryptionFailed'
  /** The connection ended without a reason. */
  | 'closed';

export type NetworkFailure = Failure<NetworkErrorCode>;
