export { parseSettings, type Settings } from './config/settings.ts';
export {
  BATCH_INPUTS_MAX,
  ConsensusDriver,
  type DriverOptions,
  type Replica,
} from './consensus/driver.ts';
export { finalCertificateChecks, signatureChecks } from './consensus/message-auth.ts';
export { decodePackets, encodePackets } from './consensus/packet-codec.ts';
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
export { parseMisbehaviour } from './misbehaviour-store.ts';
export { decodePoolJournal } from './pool-journal.ts';
