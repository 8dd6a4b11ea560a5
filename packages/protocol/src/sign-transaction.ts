import { ethereumCrypto, type PrivateKey } from '@hansa/crypto';
import { assert, concatBytes, fromHex } from '@hansa/primitives';
import { encodeRlp, type RlpItem, rlpUint } from './rlp.ts';
import type { AccessListEntry, UnsignedTransaction } from './transaction.ts';
import { LAST_HEIGHT_ADDRESS } from './transaction-codec.ts';

/**
 * Signs and encodes an Ethereum transaction, as wallets do.
 * @returns the bytes for `eth_sendRawTransaction`
 * @throws InvariantError on a key that is none, or a last height with type 0
 */
export function encodeSignedTransaction(tx: UnsignedTransaction, key: PrivateKey): Uint8Array {
  const fields = signedFields(tx);
  const chainId = rlpUint(BigInt(tx.chainId));
  const preimage =
    tx.type === 0
      ? encodeRlp([...fields, chainId, new Uint8Array(0), new Uint8Array(0)])
      : concatBytes(Uint8Array.of(tx.type), encodeRlp(fields));
  const { signature, recovery } = ethereumCrypto.signDigest(ethereumCrypto.keccak256(preimage), key);
  const v = tx.type === 0 ? 35n + 2n * BigInt(tx.chainId) + BigInt(recovery) : BigInt(recovery);
  const rs = [signature.subarray(0, 32), signature.subarray(32)].map(withoutLeadingZeros);
  const encoded = encodeRlp([...fields, rlpUint(v), ...rs]);
  return tx.type === 0 ? encoded : concatBytes(Uint8Array.of(tx.type), encoded);
}

function signedFields(tx: UnsignedTransaction): readonly RlpItem[] {
  const target: readonly RlpItem[] = [
    rlpUint(tx.gasLimit),
    tx.to === undefined ? new Uint8Array(0) : fromHex(tx.to),
    rlpUint(tx.value),
    tx.data,
  ];
  if (tx.type === 0) {
    assert(tx.lastHeight === undefined && tx.accessList.length === 0, 'a legacy transaction has no access list');
    return [rlpUint(tx.nonce), rlpUint(tx.maxFeePerGas), ...target];
  }
  const fees = tx.type === 1 ? [tx.maxFeePerGas] : [tx.maxPriorityFeePerGas, tx.maxFeePerGas];
  return [rlpUint(BigInt(tx.chainId)), rlpUint(tx.nonce), ...fees.map(rlpUint), ...target, accessListItem(tx)];
}

function accessListItem(tx: UnsignedTransaction): RlpItem {
  const entries: AccessListEntry[] = [...tx.accessList];
  if (tx.lastHeight !== undefined) {
    const key = tx.lastHeight.toString(16).padStart(64, '0');
    entries.push({ address: LAST_HEIGHT_ADDRESS, storageKeys: [key as AccessListEntry['storageKeys'][number]] });
  }
  return entries.map((entry) => [fromHex(entry.address), entry.storageKeys.map(fromHex)]);
}

function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  assert(first >= 0, 'r and s of a signature that are not zero were expected');
  return bytes.subarray(first);
}
