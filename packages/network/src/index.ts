export { parseDialAddress } from './addresses.ts';
export { type ControlFrame, decodeControlFrame, encodeControlFrame, type StatusFrame } from './control-frames.ts';
export { createNetwork } from './create-network.ts';
export type { NetworkErrorCode, NetworkFailure, PeerReason } from './errors.ts';
export { FrameDecoder } from './frame-decoder.ts';
export { nodeIdOfPeerId, peerIdOfNodeId } from './identity.ts';
export { CHANNELS, type Channel, type ChannelLimits, DEFAULT_NETWORK_LIMITS, type NetworkLimits } from './limits.ts';
export { checkPreamble, encodePreamble, mayBePreamble, type NetworkName } from './preamble.ts';
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
