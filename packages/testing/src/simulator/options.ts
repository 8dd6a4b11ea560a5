/** The command line of the simulator. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { PROFILES, type Profile } from './faults.ts';
import type { RunLimits } from './limits.ts';
import { NODE_PROFILES, type NodeProfile } from './node/node-run.ts';

/** Of one seed: of the consensus core, or the full stack. */
export type AnyProfile = Profile | NodeProfile;
export const isNodeProfile = (profile: AnyProfile): profile is NodeProfile =>
  NODE_PROFILES.some((name) => name === profile);

export type SimOptions = {
  readonly seeds: number;
  readonly first: number;
  /** Just this one. */
  readonly seed: number | undefined;
  readonly trace: boolean;
  /** A table by the size of the set instead of seeds. */
  readonly scale: boolean;
  /** What every run shares, when it is not drawn. */
  readonly shape: { readonly profile?: AnyProfile; readonly nodes?: number };
  /** Of one seed, as a failure prints them. */
  readonly limits: RunLimits;
  readonly processes: number;
};

export const HELP: string = `Consensus under faults, on virtual time: the real replica, driver and vote store; network, disks and chance come from a seed.

  npm run sim -- [--seeds N] [--first S]   N seeds (100), beginning with S (1)
  npm run sim -- --seed S [--trace]        one seed; --trace shows all that happens, packet by packet

  --faults L, --liars L, --chaos MS
                  of one seed: only these of the drawn faults and liars (1,5,9 or none), a shorter chaos;
                  as a failure prints them that was made smaller
  --profile P     ${PROFILES.join(', ')}; drawn from the seed when it is missing.
                  node: the full stack, with ledger, pool, journal, sync and execution
                  membership: the same, with four organisations that govern, one of them badly, and members
                  that come and go all the time
  --nodes N       members at the start; drawn from 4 to 7 when it is missing
  --scale         no seeds: a table of what a block costs with 4 to 100 members, all up, and F of them down
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
    scale: values['scale'] === true,
    shape: { ...(profile === undefined ? {} : { profile }), ...(nodes === undefined ? {} : { nodes }) },
    limits: limitsOf(values, seed),
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
        scale: { type: 'boolean' },
        profile: { type: 'string' },
        nodes: { type: 'string' },
        processes: { type: 'string' },
        faults: { type: 'string' },
        liars: { type: 'string' },
        chaos: { type: 'string' },
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

function limitsOf(values: Values, seed: number | undefined): RunLimits {
  const faults = naturals(values, 'faults');
  const liars = naturals(values, 'liars');
  const chaosMs = natural(values, 'chaos');
  const isGiven = faults !== undefined || liars !== undefined || chaosMs !== undefined;
  if (isGiven && seed === undefined) throw new OptionError('--faults, --liars and --chaos need --seed S');
  return {
    ...(faults === undefined ? {} : { faults }),
    ...(liars === undefined ? {} : { liars }),
    ...(chaosMs === undefined ? {} : { chaosMs }),
  };
}

/** A list with commas, or "none". */
function naturals(values: Values, name: string): readonly number[] | undefined {
  const text = values[name];
  if (text === undefined || text === 'none') return text === undefined ? undefined : [];
  return String(text)
    .split(',')
    .map((part) => natural({ [name]: part }, name) as number);
}

function profileOf(text: string | boolean | undefined): AnyProfile | undefined {
  if (text === undefined) return undefined;
  const names = [...PROFILES, ...NODE_PROFILES] as const;
  const profile = names.find((name) => name === text);
  if (profile === undefined) throw new OptionError(`--profile is one of ${names.join(', ')}, got "${String(text)}"`);
  return profile;
}
