export {
  BATCH_INPUTS_MAX,
  ConsensusDriver,
  type DriverOptions,
  type Replica,
} from './consensus/driver.ts';
export { finalCertificateChecks, signatureChecks } from './consensus/message-auth.ts';
export type * from './consensus/ports.ts';
export { openVoteFile, type Pending, type VoteFile, VoteStoreError } from './consensus/vote-file.ts';
export { decodeStoreRecord, encodeStoreRecord, type StoreRecord } from './consensus/vote-record.ts';
export {
  createVoteStore,
  type OpenedVoteStore,
  openVoteStore,
  type RestoredVotes,
  replaceLostVoteStore,
  VoteStore,
  type VoteStoreOptions,
} from './consensus/vote-store.ts';
