export type * from './backend.ts';
export {
  type EthereumHeader,
  type EthereumHeaderFacts,
  encodeEthereumHeader,
  ethereumHeaderHash,
  logsBloom,
  toEthereumHeader,
} from './ethereum-header.ts';
