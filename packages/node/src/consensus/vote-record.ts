/** Canonical bytes of the records of the vote store (docs/spec/vote-store.md, VS-4). Own disk only, never the wire. */
import type { DurableRecord, StoredNewView, VoteStoreState } from '@hansa/consensus';
import {
  assert,
  bytesToHex,
  fromHex,
  type HashHex,
  type Height,
  type NodeId,
  type Term,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import type { Claim, IncarnationMessage, Proposal, SignedClaim, VoteCertificate } from '@hansa/protocol';
import { ByteReader, ByteWriter } from './byte-codec.ts';

/** Which record a remote signer keeps, and how far it had come: what a node remembers of it (spec SGN-10). */
export type SignerMark = {
  /** 16 bytes of chance in hex. */
  readonly id: string;
  /** Number of its last batch. */
  readonly sequence: number;
};

/** What the store keeps beside the records of the replica. */
export type StoreRecord =
  | DurableRecord
  /** Number of this start, the highest ever written here (spec PBFT-T3). */
  | { readonly type: 'incarnation'; readonly incarnation: number }
  /** The highest statement of a peer that was acknowledged. */
  | { readonly type: 'peer-incarnation'; readonly statement: IncarnationMessage }
  | ({ readonly type: 'signer' } & SignerMark)
  /** Original transactions of a proposal that is or may be voted on. */
  | {
      readonly type: 'transactions';
      readonly term: Term;
      readonly height: Height;
      readonly digest: HashHex;
      readonly raw: readonly Uint8Array[];
    };

const KINDS = [
  'term',
  'view',
  'proposal',
  'vote',
  'result',
  'prepared-certificate',
  'body',
  'final',
  'vote-store',
  'incarnation',
  'peer-incarnation',
  'transactions',
  'signer',
] as const satisfies readonly StoreRecord['type'][];
const STORE_STATES = ['intact', 'lost', 'barrier'] as const satisfies readonly VoteStoreState['type'][];

/** First byte: position of the kind in the list above; the numbers are part of the format. */
export function encodeStoreRecord(record: StoreRecord): Uint8Array {
  const out = new ByteWriter();
  out.u8(KINDS.indexOf(record.type));
  if ('term' in record) out.u64(record.term);
  switch (record.type) {
    case 'term':
      break;
    case 'view':
      out
        .u64(record.view)
        .flag(record.changing)
        .optional(record.previousView, (view) => out.u64(view));
      out.optional(record.newView, (newView) => writeNewView(out, newView));
      break;
    case 'proposal':
      out.u64(record.view).u64(record.height).hash(record.digest);
      break;
    case 'vote':
      out
        .flag(record.kind === 'commit')
        .u64(record.view)
        .u64(record.height)
        .hash(record.digest);
      break;
    case 'result':
      out.u64(record.height).hash(record.blockHash);
      break;
    case 'prepared-certificate':
      writeCertificate(out, record.certificate);
      break;
    case 'body':
      out.u64(record.height).hash(record.digest);
      writeProposal(out, record.proposal);
      break;
    case 'final':
      out.u64(record.height);
      break;
    case 'vote-store':
      out.u8(STORE_STATES.indexOf(record.state.type)).u64(record.state.type === 'barrier' ? record.state.baseAbove : 0);
      break;
    case 'incarnation':
      out.u64(record.incarnation);
      break;
    case 'peer-incarnation':
      out.bytes(fromHex(record.statement.nodeId)).u64(record.statement.incarnation);
      out.bytes(fromHex(record.statement.instance)).bytes(record.statement.signature);
      break;
    case 'signer':
      out.bytes(fromHex(record.id)).u64(record.sequence);
      break;
    case 'transactions':
      out.u64(record.height).hash(record.digest);
      out.list(record.raw, (raw) => out.bytes(raw));
      break;
  }
  return out.finish();
}

/** @throws InvariantError on bytes that this program did not write: the checksums were right, so the format is another */
export function decodeStoreRecord(bytes: Uint8Array): StoreRecord {
  const from = new ByteReader(bytes);
  const record = readRecord(from);
  assert(from.isAtEnd, `a vote record of ${bytes.length} bytes has bytes left over`);
  return record;
}

function readRecord(from: ByteReader): StoreRecord {
  const kind = KINDS[from.u8()];
  assert(kind !== undefined, 'a vote record of an unknown kind');
  if (kind === 'vote-store') return { type: kind, state: readStoreState(from) };
  if (kind === 'incarnation') return { type: kind, incarnation: from.u64() };
  if (kind === 'peer-incarnation') return { type: kind, statement: readStatement(from) };
  if (kind === 'signer') return { type: kind, id: bytesToHex(from.bytes()), sequence: from.u64() };
  const term = from.u64() as Term;
  switch (kind) {
    case 'term':
      return { type: kind, term };
    case 'view': {
      const view = from.u64() as View;
      const changing = from.flag();
      const previousView = from.optional(() => from.u64() as View);
      return { type: kind, term, view, changing, previousView, newView: from.optional(() => readNewView(from, term)) };
    }
    case 'proposal':
      return { type: kind, term, view: from.u64() as View, height: from.u64() as Height, digest: from.hash() };
    case 'vote': {
      const vote = from.flag() ? 'commit' : 'prepare';
      const view = from.u64() as View;
      return { type: kind, kind: vote, term, view, height: from.u64() as Height, digest: from.hash() };
    }
    case 'result':
      return { type: kind, term, height: from.u64() as Height, blockHash: from.hash() };
    case 'prepared-certificate':
      return { type: kind, term, certificate: readCertificate(from) };
    case 'body': {
      const height = from.u64() as Height;
      return { type: kind, term, height, digest: from.hash(), proposal: readProposal(from) };
    }
    case 'final':
      return { type: kind, term, height: from.u64() as Height };
    case 'transactions': {
      const height = from.u64() as Height;
      return { type: kind, term, height, digest: from.hash(), raw: from.list(() => from.bytes()) };
    }
  }
}

function readStoreState(from: ByteReader): VoteStoreState {
  const type = STORE_STATES[from.u8()];
  const baseAbove = from.u64() as Height;
  assert(type !== undefined, 'an unknown state of the vote store');
  return type === 'barrier' ? { type, baseAbove } : { type };
}

function readStatement(from: ByteReader): IncarnationMessage {
  const nodeId = bytesToHex(from.bytes()) as NodeId;
  const incarnation = from.u64();
  const instance = bytesToHex(from.bytes());
  return { type: 'incarnation', nodeId, incarnation, instance, signature: from.bytes() };
}

function writeClaim(out: ByteWriter, claim: Claim): void {
  out.u64(claim.view).u64(claim.height).hash(claim.digest);
}

function readClaim(from: ByteReader): Claim {
  return { view: from.u64() as View, height: from.u64() as Height, digest: from.hash() };
}

function writeCertificate(out: ByteWriter, certificate: VoteCertificate): void {
  out.u64(certificate.term);
  writeClaim(out, certificate);
  out.list(certificate.signatures, ({ index, signature }) => out.u64(index).bytes(signature));
}

function readCertificate(from: ByteReader): VoteCertificate {
  const term = from.u64() as Term;
  const claim = readClaim(from);
  const signatures = from.list(() => ({ index: from.u64() as ValidatorIndex, signature: from.bytes() }));
  return { term, ...claim, signatures };
}

function writeNewView(out: ByteWriter, newView: StoredNewView): void {
  out.u64(newView.sender).u64(newView.view);
  out.optional(newView.signature, (signature) => out.bytes(signature));
  out.list(newView.claims, (claim) => {
    out.u64(claim.sender).u64(claim.view);
    out.optional(claim.claim, (content) => writeClaim(out, content)).bytes(claim.signature);
  });
  out.optional(newView.certificate, (certificate) => writeCertificate(out, certificate));
}

function readNewView(from: ByteReader, term: Term): StoredNewView {
  const sender = from.u64() as ValidatorIndex;
  const view = from.u64() as View;
  const signature = from.optional(() => from.bytes());
  const claims = from.list((): SignedClaim => {
    const author = from.u64() as ValidatorIndex;
    const claimView = from.u64() as View;
    const claim = from.optional(() => readClaim(from));
    return { term, sender: author, view: claimView, claim, signature: from.bytes() };
  });
  const certificate = from.optional(() => readCertificate(from));
  return { type: 'new-view', term, sender, view, signature, claims, certificate };
}

function writeProposal(out: ByteWriter, proposal: Proposal): void {
  out.u64(proposal.chainId).text(proposal.groupId).u64(proposal.term).u64(proposal.height).u64(proposal.view);
  out.hash(proposal.parentDigest).u64(proposal.timestamp).u64(proposal.proposer);
  out.list(proposal.transactionHashes, (hash) => out.hash(hash));
}

function readProposal(from: ByteReader): Proposal {
  return {
    chainId: from.u64(),
    groupId: from.text(),
    term: from.u64() as Term,
    height: from.u64() as Height,
    view: from.u64() as View,
    parentDigest: from.hash(),
    timestamp: from.u64(),
    proposer: from.u64() as ValidatorIndex,
    transactionHashes: from.list(() => from.hash()),
  };
}
