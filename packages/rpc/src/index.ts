export type * from './backend.ts';
export type { RpcErrorCode } from './errors.ts';
export {
  type EthereumHeader,
  type EthereumHeaderFacts,
  encodeEthereumHeader,
  ethereumHeaderHash,
  logsBloom,
  toEthereumHeader,
} from './ethereum-header.ts';
export { DEFAULT_RPC_LIMITS, type RpcLimits } from './limits.ts';
export { type RpcServer, type RpcServerOptions, startRpcServer } from './server/start-rpc-server.ts';
