export type { CryptoSuite, EthereumCrypto, PrivateKey } from './suite.ts';
