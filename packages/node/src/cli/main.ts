import { Command, CommanderError } from 'commander';
import { failCommand } from './output.ts';
import { VERSION } from './version.ts';

type AddCommand = (program: Command) => void;

/** In the order of the help. Loaded one by one: a command does not wait for what only others need. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  devnet: async () => (await import('./commands/devnet.ts')).addDevnetCommand,
  init: async () => (await import('./commands/init.ts')).addInitCommand,
  genesis: async () => (await import('./commands/genesis.ts')).addGenesisCommand,
  invite: async () => (await import('./commands/invite.ts')).addInviteCommand,
  join: async () => (await import('./commands/join.ts')).addJoinCommand,
  start: async () => (await import('./commands/start.ts')).addStartCommand,
  signer: async () => (await import('./commands/signer.ts')).addSignerCommand,
  status: async () => (await import('./commands/status.ts')).addStatusCommand,
  members: async () => (await import('./commands/members.ts')).addMembersCommand,
  gov: async () => (await import('./commands/gov.ts')).addGovCommand,
  kv: async () => (await import('./commands/kv.ts')).addKvCommand,
  keys: async () => (await import('./commands/keys.ts')).addKeysCommand,
  rotate: async () => (await import('./commands/rotate.ts')).addRotateCommand,
  backup: async () => (await import('./commands/backup.ts')).addBackupCommand,
  verify: async () => (await import('./commands/verify.ts')).addVerifyCommand,
  'verify-misbehaviour': async () => (await import('./commands/verify-misbehaviour.ts')).addVerifyMisbehaviourCommand,
};

const program = new Command('hansa')
  .description('a node for a permissioned consortium blockchain')
  .version(VERSION)
  .showHelpAfterError('(hansa --help lists the commands)')
  .showSuggestionAfterError(true)
  .exitOverride();

const named = process.argv[2];
// The help, and the suggestion for a name that is none, need them all.
const wanted = named !== undefined && Object.hasOwn(COMMANDS, named) ? [named] : Object.keys(COMMANDS);
for (const name of wanted) (await COMMANDS[name]?.())?.(program);

try {
  await program.parseAsync(process.argv);
} catch (error) {
  // commander has said what is wrong with the words of the call, or has shown the help that was asked for.
  if (error instanceof CommanderError) process.exit(error.exitCode);
  failCommand(error, isJsonWanted(process.argv));
}

/** `hansa start --log json` is read by a program from its first line on. */
function isJsonWanted(args: readonly string[]): boolean {
  return args.includes('--json') || args.includes('--log=json') || args[args.indexOf('--log') + 1] === 'json';
}
