/** The certificate of a node: it must be one of its key, its end is told in time, and it stops nothing. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initCrypto, type PrivateKey, standardSuite as suite } from '@hansa/crypto';
import { ChainError } from '@hansa/primitives';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createCertificateRequest,
  derAlgorithm,
  derName,
  derPublicKey,
  derSigned,
} from '../../src/certificate/certificate-request.ts';
import { derSequence, derSmall, derTime, derValue, toPem } from '../../src/certificate/der.ts';
import {
  certificateState,
  daysLeft,
  type NodeCertificate,
  readNodeCertificate,
  watchCertificate,
} from '../../src/certificate/node-certificate.ts';

const KEY = new Uint8Array(32).fill(7);
const AUTHORITY = new Uint8Array(32).fill(9);
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);
const END_MS = START_MS + 365 * DAY_MS;
const root = mkdtempSync(join(tmpdir(), 'hansa-certificate-'));

beforeAll(initCrypto);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What an authority makes of a request (X.509 version 3, RFC 5280). */
function certificateOf(key: PrivateKey, authority: PrivateKey = AUTHORITY): string {
  const content = derSequence(
    derValue(0xa0, derSmall(2)),
    derSmall(5),
    derAlgorithm(),
    derName({ commonName: 'Authority of BankG' }),
    derSequence(derTime(new Date(START_MS)), derTime(new Date(END_MS))),
    derName({ commonName: 'node1.bankg.example', organisation: 'BankG' }),
    derPublicKey(suite.nodeIdOf(key)),
  );
  return toPem('CERTIFICATE', derSigned(suite, authority, content));
}
function fileOf(text: string): string {
  const file = join(root, 'node.crt');
  writeFileSync(file, text);
  return file;
}
const read = (text: string): NodeCertificate => readNodeCertificate(fileOf(text), suite.nodeIdOf(KEY));
function failureOf(run: () => unknown): ChainError {
  try {
    run();
  } catch (error) {
    if (error instanceof ChainError) return error;
    throw error;
  }
  throw new Error('a failure was expected');
}

describe('a certificate', () => {
  it('of the node key is read', () => {
    expect(read(certificateOf(KEY))).toEqual({
      subject: 'O=BankG, CN=node1.bankg.example',
      issuer: 'CN=Authority of BankG',
      serialNumber: '05',
      notBeforeMs: START_MS,
      notAfterMs: END_MS,
    });
  });

  it('is signed by whom it names', () => {
    const authority = new X509Certificate(certificateOf(AUTHORITY)).publicKey;
    expect(new X509Certificate(certificateOf(KEY)).verify(authority)).toBe(true);
  });

  it('of another key, or of another kind of key, is refused with a remedy', () => {
    const failure = failureOf(() => read(certificateOf(AUTHORITY)));
    expect([failure.code, failure.message]).toEqual([
      'NODE_CERTIFICATE_INVALID',
      expect.stringContaining('not a certificate of'),
    ]);
    expect(failure.remedy).toContain('hansa keys request');
  });

  it('that is none is refused', () => {
    for (const text of ['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
      expect(failureOf(() => read(text)).code).toBe('NODE_CERTIFICATE_INVALID');
    }
    expect(failureOf(() => readNodeCertificate(join(root, 'nowhere'), suite.nodeIdOf(KEY))).code).toBe(
      'NODE_CERTIFICATE_INVALID',
    );
  });

  it.each([
    [-1, 365, 'not yet valid'],
    [0, 365, 'valid'],
    [275, 90, 'valid'],
    [276, 89, 'expiring'],
    [364, 1, 'expiring'],
    [366, -1, 'expired'],
  ])('%d days after its beginning has %d days left and is %s', (day, left, state) => {
    const certificate = read(certificateOf(KEY));
    const nowMs = START_MS + day * DAY_MS;
    expect([daysLeft(certificate, Math.max(nowMs, START_MS)), certificateState(certificate, nowMs)]).toEqual([
      left,
      state,
    ]);
  });
});

describe('warnings', () => {
  it('come once each: below 90, 30 and 7 days, and when it has expired', () => {
    const lines: string[] = [];
    let nowMs = START_MS;
    let look = (): void => undefined;
    const clock = {
      nowMs: () => nowMs,
      every: (_: number, run: () => void) => {
        look = run;
        return () => undefined;
      },
    };
    watchCertificate(read(certificateOf(KEY)), { clock, logger: { warn: (line) => void lines.push(line) } });
    for (; nowMs < END_MS + 10 * DAY_MS; nowMs += DAY_MS / 2) look();
    expect(lines).toEqual([
      'the certificate of this node expires in 89 days',
      'the certificate of this node expires in 29 days',
      'the certificate of this node expires in 6 days',
      'the certificate of this node has expired; the node goes on',
    ]);
  });
});

describe('a request for one', () => {
  it('is what OpenSSL takes for one, signed by the node key', () => {
    const request = createCertificateRequest(suite, KEY, { commonName: 'Bank Ü', organisation: 'BankG' });
    const text = execFileSync('openssl', ['req', '-verify', '-noout', '-text', '-utf8'], {
      input: request,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    expect(text).toMatch(/O ?= ?BankG, CN ?= ?Bank/);
    expect(text).toContain('secp256k1');
    expect(text.replace(/[\s:]/g, '')).toContain(suite.nodeIdOf(KEY));
  });
});
