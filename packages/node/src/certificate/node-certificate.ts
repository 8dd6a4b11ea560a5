/**
 * The X.509 certificate of a node: what an organisation's own authority says of the node id. For people and their tools;
 * the registry decides who is a member, and no certificate, valid or expired, ever stops a node.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ChainError, type NodeId } from '@hansa/primitives';
import type { Clock } from '../clock.ts';
import type { NodeErrorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';

const DAY_MS = 86_400_000;
/** Days before the end at which a line in the log warns; each once. */
export const WARNING_DAYS: readonly number[] = [90, 30, 7];
const LOOK_MS = 3_600_000;

export type NodeCertificate = {
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
};
export type CertificateState = 'valid' | 'expiring' | 'expired' | 'not yet valid';

/**
 * The certificate of a PEM file (its first one), which must be one of this node's key.
 * @throws ChainError NODE_CERTIFICATE_INVALID
 */
export function readNodeCertificate(file: string, nodeId: NodeId): NodeCertificate {
  const invalid = (message: string, remedy: string, cause?: unknown): ChainError<NodeErrorCode> =>
    new ChainError<NodeErrorCode>({ code: 'NODE_CERTIFICATE_INVALID', message, remedy }, { cause });
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readFileSync(file));
  } catch (cause) {
    throw invalid(
      `${file} cannot be read as a certificate in PEM`,
      'name the right file by node.certificate in hansa.toml, or leave it out: it is optional',
      cause,
    );
  }
  if (nodeIdOfCertificate(certificate) !== nodeId) {
    throw invalid(
      `${file} is not a certificate of this node's key`,
      'ask for one by `hansa keys request`, and have your authority sign that',
    );
  }
  const oneLine = (name: string): string => name.split('\n').join(', ').slice(0, 256);
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber.toLowerCase(),
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  };
}

/** Whole days until it ends; negative when it has ended. */
export const daysLeft = ({ notAfterMs }: NodeCertificate, nowMs: number): number =>
  Math.floor((notAfterMs - nowMs) / DAY_MS);

export function certificateState(certificate: NodeCertificate, nowMs: number): CertificateState {
  if (nowMs < certificate.notBeforeMs) return 'not yet valid';
  if (nowMs > certificate.notAfterMs) return 'expired';
  return daysLeft(certificate, nowMs) < (WARNING_DAYS[0] as number) ? 'expiring' : 'valid';
}

/** Warns when the end comes nearer: below 90, 30 and 7 days, and when it has come. Returns what stops it. */
export function watchCertificate(
  certificate: NodeCertificate,
  { clock, logger }: { readonly clock: Pick<Clock, 'every' | 'nowMs'>; readonly logger: Pick<Logger, 'warn'> },
): () => void {
  let warned = Number.POSITIVE_INFINITY;
  const look = (): void => {
    const left = daysLeft(certificate, clock.nowMs());
    const level = left < 0 ? 0 : Math.min(Number.POSITIVE_INFINITY, ...WARNING_DAYS.filter((days) => left < days));
    if (level >= warned) return;
    warned = level;
    const until = new Date(certificate.notAfterMs).toISOString();
    logger.warn(
      level === 0
        ? 'the certificate of this node has expired; the node goes on'
        : `the certificate of this node expires in ${left} days`,
      { until, subject: certificate.subject, remedy: 'have your authority sign a new one: hansa keys request' },
    );
  };
  look();
  return clock.every(LOOK_MS, look);
}

function nodeIdOfCertificate({ publicKey }: X509Certificate): string | undefined {
  if (publicKey.asymmetricKeyType !== 'ec' || publicKey.asymmetricKeyDetails?.namedCurve !== 'secp256k1')
    return undefined;
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]).toString('hex');
}
