/** The signer between its store and its socket: what is asked, judged, recorded, signed (docs/spec/signer.md). */
import { createHash } from 'node:crypto';
import type { UnsignedPbftMessage } from '@hansa/consensus';
import type { CryptoSuite, PrivateKey } from '@hansa/crypto';
import { CONSENSUS_ADDRESS, INVITES_ADDRESS } from '@hansa/membership';
import {
  type AddressHex,
  asciiBytes,
  bytesToHex,
  concatBytes,
  fromHex,
  type HashHex,
  hashToHex,
  type NodeId,
} from '@hansa/primitives';
import { decodePbftMessage, incarnationSigningDigest, type PbftMessage, pbftSigningDigest } from '@hansa/protocol';
import { encodeAccountTransaction } from '../node-key.ts';
import type { VoteInQuestion } from './protection.ts';
import type { SignerRequest } from './signer-lines.ts';
import type { SignerStore } from './signer-store.ts';

/** libp2p: what an identity key signs to prove that a static key of noise is its own. */
const IDENTITY_PREFIX: Uint8Array = asciiBytes('noise-libp2p-static-key:');

/** To whom a node's account sends something by itself (spec GOV-40, JOIN-22). */
const ACCOUNT_TARGETS: readonly AddressHex[] = [CONSENSUS_ADDRESS, INVITES_ADDRESS];

export type SignerAnswerBody =
  | { readonly ok: unknown }
  | { readonly error: { readonly code: string; readonly message: string } };

export type SigningDependencies = {
  readonly suite: CryptoSuite;
  readonly key: PrivateKey;
  readonly store: SignerStore;
  readonly onRefused: (code: string, message: string) => void;
};

export class Signing {
  readonly nodeId: NodeId;
  readonly #dependencies: SigningDependencies;

  constructor(dependencies: SigningDependencies) {
    this.#dependencies = dependencies;
    this.nodeId = dependencies.suite.nodeIdOf(dependencies.key);
  }

  /** spec SGN-4. Rejects when the record cannot be written: the process MUST end then. */
  async bind(genesisHash: HashHex): Promise<SignerAnswerBody> {
    const { store } = this.#dependencies;
    if (store.genesisHash === undefined) await store.bind(genesisHash);
    if (store.genesisHash !== genesisHash) {
      return failed('SIGNER_OTHER_CHAIN', `this signer is bound to the chain with genesis 0x${store.genesisHash}`);
    }
    return { ok: { nodeId: this.nodeId, mark: store.mark } };
  }

  /** After `bind`. Undefined when the request is malformed, or a second hello. Rejects as `bind` does. */
  async answer(request: SignerRequest): Promise<SignerAnswerBody | undefined> {
    const { suite, key, store } = this.#dependencies;
    const genesisHash = store.genesisHash as HashHex;
    switch (request.type) {
      case 'hello':
        return undefined;
      case 'votes':
        return this.#votes(request, genesisHash);
      case 'incarnation': {
        const { incarnation, instance } = request;
        const statement = { type: 'incarnation', nodeId: this.nodeId, incarnation, instance } as const;
        return signed(suite.sign(incarnationSigningDigest(suite, genesisHash, statement), key));
      }
      case 'identity': {
        // spec SGN-1: 32 bytes behind the prefix, nothing else.
        const message = concatBytes(IDENTITY_PREFIX, fromHex(request.staticKey));
        return signed(suite.sign(hashToHex(createHash('sha256').update(message).digest()), key));
      }
      case 'transaction': {
        const { chainId, to } = request;
        const target = ACCOUNT_TARGETS.find((address) => address === to);
        if (target === undefined) return failed('SIGNER_TRANSACTION', `a node's account sends nothing to 0x${to}`);
        const [nonce, gasLimit] = [BigInt(request.nonce), BigInt(request.gasLimit)];
        if (nonce >= 2n ** 64n || gasLimit >= 2n ** 64n || chainId === 0) return undefined;
        const raw = encodeAccountTransaction(
          { chainId, nonce, gasLimit, to: target, data: fromHex(request.data) },
          key,
        );
        return { ok: { raw: bytesToHex(raw) } };
      }
    }
  }

  async #votes(
    request: Extract<SignerRequest, { type: 'votes' }>,
    genesisHash: HashHex,
  ): Promise<SignerAnswerBody | undefined> {
    const { suite, key, store, onRefused } = this.#dependencies;
    const questions: VoteInQuestion[] = [];
    for (const { message, parent } of request.votes) {
      const decoded = decodePbftMessage(suite, fromHex(message));
      if (!decoded.ok || !isVote(decoded.value)) return undefined;
      const vote = decoded.value;
      const signingDigest = pbftSigningDigest(suite, genesisHash, vote);
      questions.push({ vote, signingDigest, parent: (parent as HashHex | null) ?? undefined });
    }
    const { height, proposalDigest } = request.final;
    const { verdicts, durable } = store.judge({ height, proposalDigest: proposalDigest as HashHex }, questions);
    // spec SGN-5: on disk in both copies before anything of it is signed.
    await durable;
    const refused: { code: string; message: string }[] = [];
    const signatures = questions.map(({ signingDigest }, index) => {
      const verdict = verdicts[index];
      if (verdict !== undefined && 'record' in verdict) return bytesToHex(suite.sign(signingDigest, key));
      if (verdict !== undefined) refused.push(verdict.refusal);
      return null;
    });
    for (const { code, message } of refused) onRefused(code, message);
    return { ok: { signatures, refused, mark: store.mark } };
  }
}

const signed = (signature: Uint8Array): SignerAnswerBody => ({ ok: { signature: bytesToHex(signature) } });

const failed = (code: string, message: string): SignerAnswerBody => ({ error: { code, message } });

const isVote = (message: PbftMessage): message is Extract<PbftMessage, UnsignedPbftMessage> =>
  message.type !== 'prepared-certificate' && message.type !== 'commit-certificate';
