export { type AccountRecord, decodeAccount, EMPTY_CODE_HASH, encodeAccount } from './account-codec.ts';
export {
  ACCOUNT_SIGNATURE_SIZE,
  type AccountSignature,
  splitAccountSignatures,
} from './account-signatures.ts';
export type * from './block.ts';
export { LEFT_OUT_REASONS } from './block.ts';
export { decodeBody, encodeBody, txRoot } from './body-codec.ts';
export { certificateDigest, decodeCertificate, encodeCertificate, verifyCertificate } from './certificate-codec.ts';
export { type ChainParameters, DEFAULT_CHAIN_PARAMETERS } from './chain-parameters.ts';
export type { ProtocolErrorCode, ProtocolFailure } from './errors.ts';
export type * from './genesis.ts';
export { decodeGenesis, encodeGenesis, genesisDigest } from './genesis-codec.ts';
export { parseGenesis, renderGenesis } from './genesis-json.ts';
export { genesisFault, isNodeAddress, isPlainText } from './genesis-rules.ts';
export { blockHash, decodeHeader, encodeHeader, HEADER_VERSION } from './header-codec.ts';
export { isIdentifier } from './identifier.ts';
export {
  decodeInvite,
  decodeJoinRequest,
  type EntryNode,
  encodeInvite,
  encodeJoinRequest,
  INVITE_ENTRY_COUNT_MAX,
  INVITE_SIZE_MAX,
  type Invite,
  type InviteCard,
  inviteId,
  type JoinRequest,
  joinDigest,
  parseInvite,
  renderInvite,
} from './invite.ts';
export * from './limits.ts';
export { type Misbehaviour, type MisbehaviourProof, verifyMisbehaviour } from './misbehaviour.ts';
export {
  decodeParameters,
  encodeParameters,
  PARAMETER_TABLE,
  type ParameterRule,
  parameterByKey,
  parametersFault,
  setParameter,
} from './parameter-table.ts';
export {
  decodeIncarnation,
  decodePbftMessage,
  decodeVoteCertificate,
  encodeIncarnation,
  encodePbftMessage,
  encodeVoteCertificate,
  type UnsignedPbftMessage,
} from './pbft-codec.ts';
export type * from './pbft-message.ts';
export { prevRandao } from './prev-randao.ts';
export { decodeProposal, encodeProposal, proposalDigest, proposalTransactionHashes } from './proposal-codec.ts';
export { maxFaultyWeight, quorumWeight, totalWeight } from './quorum.ts';
export { Reader } from './reader.ts';
export { decodeReceipt, encodeReceipt, receiptDigest, receiptRoot } from './receipt-codec.ts';
export { encodeRlp, type RlpItem, rlpUint } from './rlp.ts';
export { encodeSignedTransaction } from './sign-transaction.ts';
export {
  claimSigningDigest,
  incarnationSigningDigest,
  pbftSigningDigest,
  type SignatureCheck,
  signaturesOf,
  verifyIncarnation,
  verifyVoteCertificate,
  voteSigningDigest,
} from './signing.ts';
export { decodeStateChanges, encodeStateChanges } from './state-changes-codec.ts';
export {
  accountKey,
  codeKey,
  STATE_KEY_SIZE_MAX,
  type StateChange,
  type StateKey,
  type StateReader,
  storageKey,
  systemKey,
} from './state-key.ts';
export { EMPTY_SUBTREE, type StateProof, stateKeyBit, stateLeafDigest, verifyStateProof } from './state-proof.ts';
export {
  type AdminsChange,
  adminsDigest,
  type SuccessionCertificate,
  successionDigest,
} from './succession.ts';
export { TAGS } from './tags.ts';
export { decodeTermInfo, encodeTermInfo } from './term-info-codec.ts';
export type * from './transaction.ts';
export { decodeTransaction, LAST_HEIGHT_ADDRESS, recoverSender, withSender } from './transaction-codec.ts';
export { decodeUtf8, encodeUtf8 } from './utf8.ts';
export type * from './validator-set.ts';
export { decodeValidatorSet, encodeValidatorSet, validatorsHash } from './validator-set-codec.ts';
export {
  type ConsensusFrame,
  decodeConsensusFrame,
  decodeSyncFrame,
  decodeTransactionsFrame,
  EMPTY_CONSENSUS_FRAME,
  encodeConsensusFrame,
  encodeSyncFrame,
  encodeTransactionsFrame,
  type SyncBlock,
  type SyncFrame,
  type TransactionsFrame,
} from './wire.ts';
export { Writer } from './writer.ts';
