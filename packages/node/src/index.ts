export type { Clock } from './clock.ts';
export { parseSettings, type Settings } from './config/settings.ts';
export {
  BATCH_INPUTS_MAX,
  ConsensusDriver,
  type DriverOptions,
  type Replica,
} from './consensus/driver.ts';
export { createLocalSigner, createSigningDigests } from './consensus/local-signer.ts';
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
export { BlockWriter } from './execution/block-writer.ts';
export {
  createExecutionClient,
  type ExecutionChannel,
  type ExecutionChannelEvents,
  type ExecutionClient,
} from './execution/execution-client.ts';
export { createExecutionServer } from './execution/execution-server.ts';
export type { CommittedBlock, ExecutionAnswerMessage, ExecutionRequestMessage } from './execution/messages.ts';
export { buildGenesis } from './genesis-block.ts';
export { parseMisbehaviour } from './misbehaviour-store.ts';
export { createNodeCore, type NodeCore, type NodeCoreDependencies, type NodeCoreOptions } from './node-core.ts';
export { decodePoolJournal, type JournalFile, openPoolJournal } from './pool-journal.ts';
export { createPoolAccess } from './rpc/pool-access.ts';
export type { VerifyPool } from './workers/verify-types.ts';
