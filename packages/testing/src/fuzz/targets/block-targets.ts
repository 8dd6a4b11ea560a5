/** Canonical formats of blocks, state and members (docs/spec/formats.md, docs/spec/membership.md). */
import {
  decodeIds,
  decodeNode,
  decodeOrganisation,
  decodeTermState,
  encodeIds,
  encodeNode,
  encodeOrganisation,
  encodeTermState,
  type RegisteredNode,
} from '@hansa/membership';
import type { Term } from '@hansa/primitives';
import {
  decodeAccount,
  decodeBody,
  decodeCertificate,
  decodeHeader,
  decodeParameters,
  decodeProposal,
  decodeReceipt,
  decodeTermInfo,
  decodeValidatorSet,
  encodeAccount,
  encodeBody,
  encodeCertificate,
  encodeHeader,
  encodeParameters,
  encodeProposal,
  encodeReceipt,
  encodeTermInfo,
  encodeValidatorSet,
} from '@hansa/protocol';
import type { Prng } from '../../simulator/prng.ts';
import { canonicalTarget, type FuzzTarget } from '../target.ts';
import * as values from '../values.ts';

export function blockTargets(): FuzzTarget[] {
  return [
    canonicalTarget({
      name: 'proposal',
      about: 'proposal of a block',
      value: values.proposal,
      encode: encodeProposal,
      decode: decodeProposal,
    }),
    canonicalTarget({
      name: 'header',
      about: 'block header',
      value: values.header,
      encode: encodeHeader,
      decode: decodeHeader,
    }),
    canonicalTarget({
      name: 'body',
      about: 'block body with left-out transactions',
      value: values.body,
      encode: encodeBody,
      decode: decodeBody,
    }),
    canonicalTarget({
      name: 'receipt',
      about: 'receipt with logs',
      value: values.receipt,
      encode: encodeReceipt,
      decode: decodeReceipt,
    }),
    canonicalTarget({
      name: 'certificate',
      about: 'certificate of finality',
      value: values.certificate,
      encode: encodeCertificate,
      decode: decodeCertificate,
    }),
    canonicalTarget({
      name: 'term-info',
      about: 'what a term fixes',
      value: values.termInfo,
      encode: encodeTermInfo,
      decode: decodeTermInfo,
    }),
    canonicalTarget({
      name: 'validator-set',
      about: 'set of validators',
      value: values.validators,
      encode: encodeValidatorSet,
      decode: decodeValidatorSet,
    }),
    canonicalTarget({
      name: 'parameters',
      about: 'parameters of the chain',
      value: values.parameters,
      encode: encodeParameters,
      decode: decodeParameters,
    }),
    canonicalTarget({
      name: 'account',
      about: 'account record of the state',
      value: values.account,
      encode: encodeAccount,
      decode: decodeAccount,
    }),
    ...memberTargets(),
  ];
}

function memberTargets(): FuzzTarget[] {
  return [
    canonicalTarget({
      name: 'organisation',
      about: 'record of an organisation',
      value: (prng) => ({
        id: values.group(prng),
        name: prng.pick(['Bank', '中国银行', '🏦 & Söhne', '']),
        contact: prng.pick(['', 'ops@bank.example', '电话 1']),
        admins: values.list(prng, 3, values.address),
        threshold: prng.below(4),
      }),
      encode: encodeOrganisation,
      decode: decodeOrganisation,
    }),
    canonicalTarget({
      name: 'registered-node',
      about: 'record of a node',
      value: registeredNode,
      encode: encodeNode,
      decode: decodeNode,
    }),
    canonicalTarget({
      name: 'member-ids',
      about: 'list of ids of members',
      value: (prng) => values.list(prng, 4, (chance) => (chance.chance(0.5) ? values.group(chance) : chance.hex(64))),
      encode: encodeIds,
      decode: decodeIds,
    }),
    canonicalTarget({
      name: 'term-state',
      about: 'term with its rotation and its absent members',
      value: (prng) => ({
        info: values.termInfo(prng),
        starter: prng.pick(values.NODE_IDS),
        highestView: values.view(prng),
        proposers: values.list(prng, 4, values.index),
        absent: values.list(prng, 2, (chance) => ({
          nodeId: chance.pick(values.NODE_IDS),
          since: values.natural(chance) as Term,
        })),
      }),
      encode: encodeTermState,
      decode: decodeTermState,
    }),
  ];
}

function registeredNode(prng: Prng): RegisteredNode {
  const role = prng.pick(['validator', 'candidate', 'observer', 'suspended'] as const);
  const isWeighed = role === 'validator' || role === 'candidate';
  return {
    nodeId: prng.pick(values.NODE_IDS),
    organisationId: values.group(prng),
    role,
    weight: isWeighed ? 1 + (values.u32(prng) % 1_000_000) : 0,
    addresses: values.list(prng, 3, (chance) => `/ip4/10.0.0.${chance.below(256)}/tcp/${chance.below(65_536)}`),
    since: values.height(prng),
    reason: prng.pick(['genesis', 'proposal 7', 'absent for 4 terms', '']),
  };
}
