/**
 * The suite of a simulated chain: real digests; stand-in signatures, which nobody makes who does not hold the key; and
 * real signatures of transactions, each checked once for all nodes.
 */
import { type CryptoSuite, standardSuite } from '@hansa/crypto';
import {
  type AddressHex,
  bytesToHex,
  type Failure,
  type HashHex,
  isNodeId,
  type NodeId,
  ok,
  type Result,
} from '@hansa/primitives';
import { decodeTransaction, recoverSender, type SignedTransaction } from '@hansa/protocol';
import { simSign, simVerify } from '../sim-crypto.ts';

/** The key of a stand-in signature is the node id itself. */
export const NODE_SUITE: CryptoSuite = {
  ...standardSuite,
  sign: () => {
    throw new Error('simulated nodes sign by simSign');
  },
  verify: (digest, signature, nodeId) => signature.length === 64 && simVerify(digest, signature, nodeId),
  isValidNodeId: (nodeId): nodeId is NodeId => isNodeId(nodeId),
};

export function signAs(nodeId: NodeId): (digest: HashHex) => Uint8Array {
  return (digest) => simSign(digest, nodeId);
}

/**
 * Decodes and recovers as the verify worker does; remembers what it has done. Node ids are no points of the curve here, so
 * that a node signs its transactions by a stand-in key: who recovers as that is the node's account.
 */
export class TransactionChecker {
  readonly #accounts: Map<AddressHex, AddressHex> = new Map();
  readonly #known: Map<string, Result<SignedTransaction, Failure>> = new Map();

  /** Transactions of `standIn` count as those of `account`. */
  standFor(account: AddressHex, standIn: AddressHex): void {
    this.#accounts.set(standIn, account);
  }

  check(raw: Uint8Array): Result<SignedTransaction, Failure> {
    const key = bytesToHex(raw);
    let result = this.#known.get(key);
    if (result === undefined) {
      const decoded = decodeTransaction(raw);
      result = decoded.ok ? recoverSender(decoded.value) : decoded;
      const account = result.ok ? this.#accounts.get(result.value.sender) : undefined;
      if (result.ok && account !== undefined) result = ok({ ...result.value, sender: account });
      this.#known.set(key, result);
    }
    return result;
  }
}
