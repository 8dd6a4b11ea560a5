export { parseDialAddress } from './addresses.ts';
export { type ControlFrame, decodeControlFrame, encodeControlFrame, type StatusFrame } from './control-frames.ts';
export { createNetwork } from './create-network.ts';
export { DOOR_ANSWER_SIZE_MAX, DOOR_REQUEST_SIZE_MAX } from './door.ts';
export type { NetworkErrorCode, NetworkFailure, PeerReason } from './errors.ts';
export { FrameDecoder } from './frame-decoder.ts';
export type { HostRules } from './host-rules.ts';
export { type IdentitySigner, nodeIdOfPeerId, peerIdOfNodeId } from './identity.ts';
export { type Knock, knock } from './knock.ts';
export { CHANNELS, type Channel, type ChannelLimits, DEFAULT_NETWORK_LIMITS, type NetworkLimits } from './limits.ts';
export { checkPreamble, encodePreamble, type Mismatch, mayBePreamble, type NetworkName } from './preamble.ts';
export type {
  AdmissionSnapshot,
  CounterName,
  DoorHandler,
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
