export { createNetwork } from './create-network.ts';
export type { NetworkErrorCode, NetworkFailure, PeerReason } from './errors.ts';
export { nodeIdOfPeerId, peerIdOfNodeId } from './identity.ts';
export { CHANNELS, type Channel, type ChannelLimits, DEFAULT_NETWORK_LIMITS, type NetworkLimits } from './limits.ts';
export type {
  AdmissionSnapshot,
  CounterName,
  FrameHandler,
  Network,
  NetworkCounters,
  NetworkDependencies,
  NetworkLogFields,
  NetworkLogger,
  NetworkOptions,
  PeerDown,
  PeerInfo,
  PeerState,
  PeerStatus,
  PeerUp,
} from './types.ts';
