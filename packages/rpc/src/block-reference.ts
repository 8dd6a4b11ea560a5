import { type Height, toHeight } from '@hansa/primitives';
import type { RpcBackend } from './backend.ts';
import { invalidParams, RPC_CODES, RpcRefusal } from './errors.ts';
import { hashOf, integerOf, isAbsent, objectOf, shown } from './params.ts';

const BLOCK_HASH_SIZE = 66;

type Heads = Pick<RpcBackend, 'head' | 'heightOfHash'>;

/**
 * Tag or number, `latest` when absent. A block is final when it is shown, so latest, safe and finalized are the head;
 * so is pending, since what comes next is decided together. Undefined: above the head.
 */
export function heightOfTag(value: unknown, backend: Heads, name = 'block'): Height | undefined {
  const head = backend.head().height;
  switch (value) {
    case undefined:
    case null:
    case '':
    case 'latest':
    case 'safe':
    case 'finalized':
    case 'pending':
      return head;
    case 'earliest':
      return toHeight(0);
    default: {
      if (typeof value !== 'string' || !value.startsWith('0x')) {
        throw invalidParams(
          `${name} must be latest, safe, finalized, pending, earliest or a height in hex${shown(value)}`,
        );
      }
      const height = integerOf(value, name);
      return height > head ? undefined : toHeight(height);
    }
  }
}

/** Tag, number, block hash, or an object of EIP-1898. Undefined: there is no such block. */
export function heightOfReference(value: unknown, backend: Heads, name = 'block'): Height | undefined {
  if (typeof value === 'string' && value.length === BLOCK_HASH_SIZE) return backend.heightOfHash(hashOf(value, name));
  if (typeof value !== 'object' || value === null) return heightOfTag(value, backend, name);
  const { blockHash, blockNumber } = objectOf(value, name);
  if (isAbsent(blockHash) === isAbsent(blockNumber)) {
    throw invalidParams(`${name} must have either blockHash or blockNumber${shown(value)}`);
  }
  if (!isAbsent(blockHash)) return backend.heightOfHash(hashOf(blockHash, `${name}.blockHash`));
  return heightOfTag(blockNumber, backend, `${name}.blockNumber`);
}

/** For the state of a block. @throws RpcRefusal "header not found" */
export function knownHeight(value: unknown, backend: Heads): Height {
  const height = heightOfReference(value, backend);
  if (height === undefined) {
    throw new RpcRefusal(RPC_CODES.refused, 'header not found', {
      code: 'RPC_BLOCK_UNKNOWN',
      remedy: `ask for a block up to the head, which is ${backend.head().height}`,
    });
  }
  return height;
}
