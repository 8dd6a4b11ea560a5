export { isLowS, isSignatureInRange } from './curve-range.ts';
export { type EngineReport, engineReport, initCrypto } from './engines.ts';
export { ethereumCrypto } from './ethereum-crypto.ts';
export { formatKeyFile, type KeyFileFailure, parseKeyFile } from './key-file.ts';
export { type MerkleProof, merkleProof, merkleRoot, verifyMerkleProof } from './merkle.ts';
export { standardSuite, suiteByName } from './standard-suite.ts';
export type { CryptoSuite, EthereumCrypto, PrivateKey } from './suite.ts';
