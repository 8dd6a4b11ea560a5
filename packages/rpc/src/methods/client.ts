import { ethereumCrypto } from '@hansa/crypto';
import { METHODS, openRpcDocument } from '@hansa/rpc-schema';
import { type MethodTable, quick } from '../method.ts';
import { bytesOf } from '../params.ts';
import { data, quantity } from '../values.ts';

const MODULES: Readonly<Record<string, string>> = Object.fromEntries(
  METHODS.flatMap(({ name }) => (name.includes('_') ? [[name.slice(0, name.indexOf('_')), '1.0']] : [])),
);

export const CLIENT_METHODS: MethodTable = {
  web3_clientVersion: quick((_, { backend }) => backend.chain.clientVersion),
  web3_sha3: quick(([bytes]) => data(ethereumCrypto.keccak256(bytesOf(bytes, 'data')))),
  net_version: quick((_, { backend }) => String(backend.chain.chainId)),
  net_listening: quick(() => true),
  net_peerCount: quick((_, { backend }) => quantity(backend.peerCount())),
  rpc_modules: quick(() => MODULES),
  'rpc.discover': quick((_, { backend }) => openRpcDocument(backend.chain.clientVersion)),
};
