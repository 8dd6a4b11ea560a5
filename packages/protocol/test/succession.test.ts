/** What is signed for new keys: docs/spec/succession.md. */
import { standardSuite as suite } from '@hansa/crypto';
import type { AddressHex, HashHex, Height, NodeId } from '@hansa/primitives';
import { asciiBytes, concatBytes, fromHex } from '@hansa/primitives';
import { expect, it } from 'vitest';
import { adminsDigest, successionDigest } from '../src/index.ts';

const genesisHash = 'ab'.repeat(32) as HashHex;
const [oldNodeId, newNodeId] = ['01'.repeat(64), '02'.repeat(64)] as [NodeId, NodeId];
const number = (value: number, size: number): Uint8Array => {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(size - 4, value);
  return bytes;
};

it('SUC-1: the certificate of a node names chain, both keys and the old one’s last change', () => {
  const certificate = { genesisHash, oldNodeId, newNodeId, since: 7 as Height };
  const bytes = concatBytes(fromHex(genesisHash), fromHex(oldNodeId), fromHex(newNodeId), number(7, 8));
  expect(successionDigest(suite, certificate)).toBe(suite.taggedDigest('hansa/succession/v1', bytes));
  expect(successionDigest(suite, { ...certificate, since: 8 as Height })).not.toBe(
    successionDigest(suite, certificate),
  );
});

it('SUC-10: admins sign chain, organisation, number of the change, accounts and threshold', () => {
  const admins = ['11'.repeat(20), '22'.repeat(20)] as AddressHex[];
  const change = { genesisHash, organisationId: 'BankA', changeCount: 3, admins, threshold: 2 };
  const bytes = concatBytes(
    fromHex(genesisHash),
    number(5, 4),
    asciiBytes('BankA'),
    number(3, 8),
    number(2, 4),
    ...admins.map((admin) => fromHex(admin)),
    number(2, 4),
  );
  expect(adminsDigest(suite, change)).toBe(suite.taggedDigest('hansa/admins/v1', bytes));
});
