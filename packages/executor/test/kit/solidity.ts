import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fromHex } from '@hansa/primitives';
import type { Abi } from 'viem';

const require = createRequire(import.meta.url);

export type CompiledContract = { readonly abi: Abi; readonly bytecode: Uint8Array; readonly runtime: Uint8Array };

type Code = { readonly object: string };
type CompilerOutput = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: {
    readonly 'Test.sol': Readonly<
      Record<
        string,
        { readonly abi: Abi; readonly evm: { readonly bytecode: Code; readonly deployedBytecode: Code } } | undefined
      >
    >;
  };
};

let output: CompilerOutput['contracts']['Test.sol'] | undefined;

/** A contract of contracts.sol. The source is compiled once a process. */
export function contract(name: string): CompiledContract {
  output ??= compile(readFileSync(new URL('./contracts.sol', import.meta.url), 'utf8'));
  const found = output[name];
  if (found === undefined) throw new Error(`contracts.sol has no contract ${name}`);
  const { bytecode, deployedBytecode } = found.evm;
  return { abi: found.abi, bytecode: fromHex(bytecode.object), runtime: fromHex(deployedBytecode.object) };
}

function compile(source: string): CompilerOutput['contracts']['Test.sol'] {
  const solc = require('solc') as { compile(input: string, callbacks: object): string };
  const input = {
    language: 'Solidity',
    sources: { 'Test.sol': { content: source } },
    settings: {
      evmVersion: 'prague',
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { 'Test.sol': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  };
  const find = (path: string): { contents: string } | { error: string } => {
    try {
      return { contents: readFileSync(require.resolve(path), 'utf8') };
    } catch (error) {
      return { error: String(error) };
    }
  };
  const result = JSON.parse(solc.compile(JSON.stringify(input), { import: find })) as CompilerOutput;
  const errors = (result.errors ?? []).filter((error) => error.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
  return result.contracts['Test.sol'];
}
