import type { CustomCrypto } from '@ethereumjs/common';
import { verifyPointProof } from '@hansa/evm';
import { fromHex } from '@hansa/primitives';

const noBlobs = (): never => {
  throw new Error('there are no blobs on this chain');
};

/** Of what EthereumJS wants to know about KZG, all that precompile 0x0a asks for (EXE-22). */
export const pointProofs: NonNullable<CustomCrypto['kzg']> = {
  verifyProof: (commitment, z, y, proof) =>
    verifyPointProof({ commitment: bytesOf(commitment), z: bytesOf(z), y: bytesOf(y), proof: bytesOf(proof) }),
  blobToKzgCommitment: noBlobs,
  computeBlobProof: noBlobs,
  verifyBlobProofBatch: noBlobs,
  computeCells: noBlobs,
  computeCellsAndProofs: noBlobs,
  recoverCellsAndProofs: noBlobs,
  verifyCellKzgProofBatch: noBlobs,
};

const bytesOf = (hex: string): Uint8Array => fromHex(hex.slice(2));
