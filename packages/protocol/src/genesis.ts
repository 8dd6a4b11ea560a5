import type { AddressHex, NodeId } from '@hansa/primitives';
import type { ChainParameters } from './chain-parameters.ts';

export type GenesisNode = {
  readonly nodeId: NodeId;
  readonly organisationId: string;
  readonly role: 'validator' | 'observer';
  /** From 1 for a validator, 0 for an observer. */
  readonly weight: number;
  /** Multiaddrs without a peer id, e.g. /ip4/10.1.2.3/tcp/30300 or /dns4/node.bank.example/tcp/30300. */
  readonly addresses: readonly string[];
};

export type GenesisOrganisation = {
  /** 1 to 32 of A-Z a-z 0-9 . _ - */
  readonly id: string;
  readonly name: string;
  /** Accounts that may act for it. */
  readonly admins: readonly AddressHex[];
};

export type GenesisAccount = {
  readonly address: AddressHex;
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly code: Uint8Array;
  readonly storage: readonly { readonly slot: string; readonly value: string }[];
};

/** Value of genesis.json. Its canonical bytes are hashed; organisations, nodes and accounts are in ascending order of id. */
export type Genesis = {
  readonly formatVersion: 1;
  readonly chainId: number;
  readonly groupId: string;
  readonly suite: 'standard' | 'sm';
  readonly stateTree: 'radix-v1';
  readonly evmFork: 'prague';
  readonly timestamp: number;
  readonly parameters: ChainParameters;
  readonly organisations: readonly GenesisOrganisation[];
  readonly nodes: readonly GenesisNode[];
  readonly accounts: readonly GenesisAccount[];
};
