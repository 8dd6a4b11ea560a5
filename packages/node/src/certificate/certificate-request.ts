/** A request for a certificate of the node key (PKCS #10, RFC 2986): what an organisation's own authority signs. */
import { createHash } from 'node:crypto';
import type { CryptoSuite, PrivateKey } from '@hansa/crypto';
import { concatBytes, fromHex, hashToHex, type NodeId } from '@hansa/primitives';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { derBitString, derOid, derSequence, derSet, derSmall, derText, derValue, toPem } from './der.ts';

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const SECP256K1 = '1.3.132.0.10';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const ORGANISATION = '2.5.4.10';

export type CertificateSubject = {
  readonly commonName: string;
  readonly organisation?: string | undefined;
};

/** PEM of the request, signed with the key itself. */
export function createCertificateRequest(suite: CryptoSuite, key: PrivateKey, subject: CertificateSubject): string {
  const info = derSequence(derSmall(0), derName(subject), derPublicKey(suite.nodeIdOf(key)), derValue(0xa0));
  return toPem('CERTIFICATE REQUEST', derSigned(suite, key, info));
}

/** What is signed, the algorithm, and the signature: the outer form of requests and certificates. */
export function derSigned(suite: CryptoSuite, key: PrivateKey, content: Uint8Array): Uint8Array {
  const digest = hashToHex(createHash('sha256').update(content).digest());
  const signature = secp256k1.Signature.fromBytes(suite.sign(digest, key)).toBytes('der');
  return derSequence(content, derAlgorithm(), derBitString(signature));
}

export const derAlgorithm = (): Uint8Array => derSequence(derOid(ECDSA_WITH_SHA256));

export function derName({ commonName, organisation }: CertificateSubject): Uint8Array {
  const part = (type: string, value: string): Uint8Array => derSet(derSequence(derOid(type), derText(value)));
  return derSequence(
    ...(organisation === undefined ? [] : [part(ORGANISATION, organisation)]),
    part(COMMON_NAME, commonName),
  );
}

/** SubjectPublicKeyInfo (RFC 5480) with the uncompressed point. */
export function derPublicKey(nodeId: NodeId): Uint8Array {
  const point = concatBytes(Uint8Array.of(4), fromHex(nodeId));
  return derSequence(derSequence(derOid(EC_PUBLIC_KEY), derOid(SECP256K1)), derBitString(point));
}
