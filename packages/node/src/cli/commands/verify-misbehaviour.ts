import { readFileSync } from 'node:fs';
import { initCrypto, standardSuite } from '@hansa/crypto';
import { ChainError } from '@hansa/primitives';
import { type MisbehaviourProof, verifyMisbehaviour } from '@hansa/protocol';
import type { Command } from 'commander';
import { readGenesis } from '../../directory.ts';
import type { NodeErrorCode } from '../../errors.ts';
import { buildGenesis } from '../../genesis-block.ts';
import { parseMisbehaviour } from '../../misbehaviour-store.ts';
import { createOutput } from '../output.ts';

type Options = { readonly genesis?: string; readonly json?: boolean };

/** Checks a proof that a validator has signed two contradicting messages; nothing but the file is needed. */
export function addVerifyMisbehaviourCommand(program: Command): void {
  program
    .command('verify-misbehaviour')
    .description('check a proof that a validator has signed two contradicting messages')
    .argument('<file>', 'proof, as a node keeps it in data/misbehaviour and as hansa_getMisbehaviour answers it')
    .option('--genesis <file>', 'genesis file: also says whether the proof is of this chain')
    .option('--json', 'machine-readable output')
    .action(async (file: string, options: Options) => {
      await initCrypto();
      const output = createOutput(options);
      const proof = readProof(file);
      const verified = verifyMisbehaviour(standardSuite, proof);
      if (!verified.ok) throw refusal(`${file} proves nothing: ${verified.error.message}`);
      if (options.genesis !== undefined) {
        const { hash } = buildGenesis(readGenesis(options.genesis), standardSuite);
        if (hash !== proof.genesisHash) throw refusal(`${file} is of the chain with genesis 0x${proof.genesisHash}`);
      }
      const { kind, term, view, height } = verified.value;
      output.data({ verified: true, nodeId: proof.nodeId, genesisHash: `0x${proof.genesisHash}`, ...verified.value });
      const place = [
        `term ${term}`,
        ...(view === undefined ? [] : [`view ${view}`]),
        ...(height === undefined ? [] : [`height ${height}`]),
      ];
      output.line(`proven: node ${proof.nodeId}`);
      output.line(`has signed two different messages of kind ${kind} for ${place.join(', ')}`);
      output.line(`on the chain with genesis 0x${proof.genesisHash}`);
    });
}

function readProof(file: string): MisbehaviourProof {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new ChainError<NodeErrorCode>(
      {
        code: 'CLI_VERIFY_FAILED',
        message: `${file} cannot be read as JSON`,
        remedy: 'name a file of data/misbehaviour',
      },
      { cause },
    );
  }
  const proof = parseMisbehaviour(value);
  if (proof === undefined)
    throw refusal(`${file} is no proof: genesisHash, nodeId, first and second are needed in hex`);
  return proof;
}

const refusal = (message: string): ChainError<NodeErrorCode> =>
  new ChainError({
    code: 'CLI_VERIFY_FAILED',
    message,
    remedy: 'do not act on it; ask for the file again where it came from',
  });
