import {
  ACCOUNT_ADDRESS,
  AUTH_ADDRESS,
  COMMITTEE_ADDRESS,
  CONSENSUS_ADDRESS,
  INVITES_ADDRESS,
  SUCCESSION_ADDRESS,
  SYSTEM_CONFIG_ADDRESS,
} from '@hansa/membership';
import { type AddressHex, toAddressHex } from '@hansa/primitives';

/** Makes tables. FISCO BCOS: TableManager. */
export const TABLE_MANAGER_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000001002');
/** Holds the rows of all tables, which alone may call it. FISCO BCOS: KVTable. */
export const KV_TABLES_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000001009');

/** Views of the committee with the ABI of FISCO BCOS's Committee and ProposalManager, named by 0x10001. */
export const COMMITTEE_VIEW_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000010011');
export const PROPOSALS_VIEW_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000010012');

const ADDRESSES: ReadonlySet<AddressHex> = new Set([
  SYSTEM_CONFIG_ADDRESS,
  TABLE_MANAGER_ADDRESS,
  CONSENSUS_ADDRESS,
  AUTH_ADDRESS,
  KV_TABLES_ADDRESS,
  COMMITTEE_ADDRESS,
  ACCOUNT_ADDRESS,
  INVITES_ADDRESS,
  SUCCESSION_ADDRESS,
  COMMITTEE_VIEW_ADDRESS,
  PROPOSALS_VIEW_ADDRESS,
]);

export const isSystemAddress = (address: AddressHex): boolean => ADDRESSES.has(address);

/** Those whose use is governance, which is free of charge (spec EXE-18): who stores pays. */
export const isGovernanceAddress = (address: AddressHex): boolean =>
  isSystemAddress(address) && address !== TABLE_MANAGER_ADDRESS && address !== KV_TABLES_ADDRESS;

/** Events of the system contracts; nothing in them is indexed (spec GOV-70). */
export const SYSTEM_EVENTS = {
  /** Subject, what it was, what it is, why. From 0x1003, whatever was changed. */
  changed: 'Changed(string,string,string,string)',
  proposed: 'Proposed(uint256,string,address)',
  voted: 'Voted(uint256,address,bool)',
  settled: 'Settled(uint256,uint8,int256)',
  /** FISCO BCOS's: what a passed proposal gave. */
  execResult: 'execResult(int256)',
  attested: 'Attested(string,string,uint256)',
} as const;
