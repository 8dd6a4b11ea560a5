import type { AddressHex, HashHex, NodeId } from '@hansa/primitives';
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
  /** Whom to call or write to; may be empty. */
  readonly contact: string;
  /** Accounts that act for it together. No account acts for two organisations. */
  readonly admins: readonly AddressHex[];
  /** So many of them must agree for it to vote; 0 exactly without any. */
  readonly threshold: number;
  /** Its weight in the governing committee; 0: it has no vote there. */
  readonly governorWeight: number;
};

/** How the governing committee decides, in per cent (FISCO BCOS: participatesRate, winRate). */
export type GenesisCommittee = { readonly participationRate: number; readonly winRate: number };

export type GenesisAccount = {
  readonly address: AddressHex;
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly code: Uint8Array;
  readonly storage: readonly { readonly slot: HashHex; readonly value: HashHex }[];
};

/** Value of genesis.json. Its canonical bytes are hashed; organisations, nodes and accounts are in ascending order of id. */
export type Genesis = {
  readonly formatVersion: 2;
  readonly chainId: number;
  readonly groupId: string;
  readonly suite: 'standard' | 'sm';
  readonly stateTree: 'radix-v1';
  readonly evmFork: 'prague';
  readonly timestamp: number;
  readonly parameters: ChainParameters;
  readonly committee: GenesisCommittee;
  readonly organisations: readonly GenesisOrganisation[];
  readonly nodes: readonly GenesisNode[];
  readonly accounts: readonly GenesisAccount[];
};
