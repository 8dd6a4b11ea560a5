/** What a liar makes up: messages that are signed with its own key, whatever they say about others. */
import type { FinalHead, PbftStatus } from '@hansa/consensus';
import type { ConsensusDigests } from '@hansa/node';
import type { HashHex, Height, NodeId, Term, ValidatorIndex, View } from '@hansa/primitives';
import type { PbftMessage, Proposal, SignedClaim, VoteCertificate, VoteSignature } from '@hansa/protocol';
import type { Prng } from './prng.ts';

export type Unsigned<T> = T extends unknown ? Omit<T, 'signature'> : never;
export type Signed = Extract<PbftMessage, { sender: ValidatorIndex }>;
export type Made = { readonly proposal: Proposal; readonly digest: HashHex };
/** Who lies, and what it knows of the chain. */
export type Forging = { readonly nodeId: NodeId; readonly state: FinalHead };
/** The chain, simulated or real: its name, its time, and how it digests and signs. */
export type ForgingWorld = {
  readonly chainId: number;
  readonly groupId: string;
  readonly digests: ConsensusDigests;
  /** Milliseconds since 1970. */
  clockMs(): number;
  hash(text: string): HashHex;
  /** With the key of `nodeId`, which is the liar's own. */
  sign(digest: HashHex, nodeId: NodeId): Uint8Array;
  /** Default: all. */
  readonly certificateStyles?: readonly CertificateStyle[];
};
/** A made-up quorum: one signature under the liar's index again and again, under all indices, or alone. */
export type CertificateStyle = 'repeated' | 'others' | 'lone';
const CERTIFICATE_STYLES: readonly CertificateStyle[] = ['repeated', 'others', 'lone'];
type Author = { readonly term: Term; readonly sender: ValidatorIndex };

export class Forger {
  readonly #member: Forging;
  readonly #world: ForgingWorld;
  readonly #chance: Prng;

  constructor(member: Forging, world: ForgingWorld, chance: Prng) {
    this.#member = member;
    this.#world = world;
    this.#chance = chance;
  }

  /** Index 0 when it is not in the set. */
  get author(): Author {
    const { term } = this.#member.state;
    const sender = term.validators.findIndex(({ nodeId }) => nodeId === this.#member.nodeId);
    return { term: term.term, sender: Math.max(0, sender) as ValidatorIndex };
  }

  sign(message: Unsigned<Signed>): PbftMessage {
    const digest = this.#world.digests.signingDigest(message);
    return { ...message, signature: this.#world.sign(digest, this.#member.nodeId) } as PbftMessage;
  }

  /** On the final block, in the view where it stands, whoever's turn it is. */
  proposal({ view }: Pick<PbftStatus, 'view'>): Made {
    const { height, proposalDigest, timestamp } = this.#member.state;
    const { term, sender } = this.author;
    const proposal: Proposal = {
      chainId: this.#world.chainId,
      groupId: this.#world.groupId,
      term,
      height: (height + 1) as Height,
      view,
      parentDigest: proposalDigest,
      timestamp: Math.max(timestamp + 1, this.#world.clockMs()),
      proposer: sender,
      transactionHashes: [],
    };
    return { proposal, digest: this.#world.digests.proposalDigest(proposal) };
  }

  /** The same proposal in other words. */
  variant(proposal: Proposal, change: Partial<Proposal>): Made {
    const other = { ...proposal, ...change };
    return { proposal: other, digest: this.#world.digests.proposalDigest(other) };
  }

  /** A quorum in which nobody but the liar has signed. */
  certificate(type: 'prepare' | 'commit', { proposal, digest }: Made, view: View): VoteCertificate {
    const { term, sender } = this.author;
    const { height } = proposal;
    const signature = this.#world.sign(
      this.#world.digests.signingDigest({ type, term, sender, view, height, digest }),
      this.#member.nodeId,
    );
    const { validators } = this.#member.state.term;
    const style = this.#chance.pick(this.#world.certificateStyles ?? CERTIFICATE_STYLES);
    const signatures: VoteSignature[] = validators.map((_, index) => ({
      index: style === 'repeated' ? sender : (index as ValidatorIndex),
      signature,
    }));
    return {
      term,
      view,
      height,
      digest,
      signatures: style === 'lone' ? [{ index: sender, signature }] : signatures,
    };
  }

  /** VIEW-CHANGE whose claim is made up. */
  viewChange(view: View): PbftMessage {
    const { term, sender } = this.author;
    const below = (view - 1) as View;
    const made = this.proposal({ view: below });
    const certificate = this.certificate('prepare', made, below);
    return this.sign({ type: 'view-change', term, sender, view, claim: claimOf(certificate), certificate });
  }

  /** NEW-VIEW on a made-up tip: what it names itself, and what it says that the others claim. */
  newView(view: View, claims: readonly SignedClaim[]): PbftMessage {
    const { term, sender } = this.author;
    const below = (view - 1) as View;
    const certificate = this.certificate('prepare', this.proposal({ view: below }), below);
    const claim = claimOf(certificate);
    const own = this.sign({ type: 'view-change', term, sender, view, claim, certificate });
    const { signature } = own as PbftMessage & { readonly signature: Uint8Array };
    const lie = (index: ValidatorIndex): SignedClaim => ({ term, sender: index, view, claim, signature });
    const others = this.#chance.pick(['kept', 'invented']) === 'kept';
    const changed = claims.map((held) => (held.sender === sender || !others ? lie(held.sender) : held));
    return this.sign({ type: 'new-view', term, sender, view, claims: changed, certificate });
  }
}

export function claimOf({ view, height, digest }: VoteCertificate): {
  readonly view: View;
  readonly height: Height;
  readonly digest: HashHex;
} {
  return { view, height, digest };
}
