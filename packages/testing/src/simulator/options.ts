/** The command line of the simulator. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { PROFILES, type Profile } from './faults.ts';
import { NODE_PROFILE } from './node/node-run.ts';

/** Of one seed: of the consensus core, or the full stack. */
export type AnyProfile = Profile | typeof NODE_PROFILE;

export type SimOptions = {
  readonly seeds: number;
  readonly first: number;
  /** Just this one. */
  readonly seed: number | undefined;
  readonly trace: boolean;
  /** What every run shares, when it is not drawn. */
  readonly shape: { readonly profile?: AnyProfile; readonly nodes?: number };
  readonly processes: number;
};

export const HELP: string = `Consensus under faults, on virtual time: the real replica, driver and vote store; network, disks and chance come from a seed.

  npm run sim -- [--seeds N] [--first S]   N seeds (100), beginning with S (1)
  npm run sim -- --seed S [--trace]        one seed; --trace shows all that happens, packet by packet

  --profile P     ${PROFILES.join(', ')}; drawn from the seed when it is missing.
                  ${NODE_PROFILE}: the full stack, with ledger, pool, journal, sync and execution
  --nodes N       members at the start; drawn from 4 to 7 when it is missing
  --processes N   how many seeds at a time; one for each core when it is missing
  --help          this text

Exit code: 0 when nothing was found; 1 when a checker objects, or when 200 seeds or more leave a rule of
docs/spec/pbft.md unexercised; 2 for a wrong option. docs/testing.md explains faults, checkers and output.
`;

/** An option that does not exist, or a value that does not fit; the text says which. */
export class OptionError extends Error {}

/** `undefined` when only the help is wanted. @throws OptionError */
export function readOptions(args: readonly string[]): SimOptions | undefined {
  const values = parse(args);
  if (values['help'] === true) return undefined;
  const profile = profileOf(values['profile']);
  const nodes = natural(values, 'nodes');
  if (nodes !== undefined && (nodes < 1 || nodes > 31)) throw new OptionError(`--nodes is 1 to 31, got ${nodes}`);
  const seed = natural(values, 'seed');
  if (values['trace'] === true && seed === undefined) throw new OptionError('--trace needs --seed S');
  return {
    seeds: natural(values, 'seeds') ?? 100,
    first: natural(values, 'first') ?? 1,
    seed,
    trace: values['trace'] === true,
    shape: { ...(profile === undefined ? {} : { profile }), ...(nodes === undefined ? {} : { nodes }) },
    processes: Math.max(1, natural(values, 'processes') ?? availableParallelism()),
  };
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

function parse(args: readonly string[]): Values {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean' },
        seeds: { type: 'string' },
        first: { type: 'string' },
        seed: { type: 'string' },
        trace: { type: 'boolean' },
        profile: { type: 'string' },
        nodes: { type: 'string' },
        processes: { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    throw new OptionError((error as Error).message, { cause: error });
  }
}

function natural(values: Values, name: string): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new OptionError(`--${name} takes a whole number from 0, got "${String(text)}"`);
}

function profileOf(text: string | boolean | undefined): AnyProfile | undefined {
  if (text === undefined) return undefined;
  const names = [...PROFILES, NODE_PROFILE] as const;
  const profile = names.find((name) => name === text);
  if (profile === undefined) throw new OptionError(`--profile is one of ${names.join(', ')}, got "${String(text)}"`);
  return profile;
}
