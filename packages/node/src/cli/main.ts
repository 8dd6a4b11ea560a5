import { Command, CommanderError } from 'commander';
import { addBackupCommand } from './commands/backup.ts';
import { addDevnetCommand } from './commands/devnet.ts';
import { addGenesisCommand } from './commands/genesis.ts';
import { addGovCommand } from './commands/gov.ts';
import { addInitCommand } from './commands/init.ts';
import { addInviteCommand } from './commands/invite.ts';
import { addJoinCommand } from './commands/join.ts';
import { addKeysCommand } from './commands/keys.ts';
import { addMembersCommand } from './commands/members.ts';
import { addRotateCommand } from './commands/rotate.ts';
import { addSignerCommand } from './commands/signer.ts';
import { addStartCommand } from './commands/start.ts';
import { addStatusCommand } from './commands/status.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { addVerifyMisbehaviourCommand } from './commands/verify-misbehaviour.ts';
import { failCommand } from './output.ts';
import { VERSION } from './version.ts';

const program = new Command('hansa')
  .description('a node for a permissioned consortium blockchain')
  .version(VERSION)
  .showHelpAfterError('(hansa --help lists the commands)')
  .showSuggestionAfterError(true)
  .exitOverride();

for (const add of [
  addDevnetCommand,
  addInitCommand,
  addGenesisCommand,
  addInviteCommand,
  addJoinCommand,
  addStartCommand,
  addSignerCommand,
  addStatusCommand,
  addMembersCommand,
  addGovCommand,
  addKeysCommand,
  addRotateCommand,
  addBackupCommand,
  addVerifyCommand,
  addVerifyMisbehaviourCommand,
]) {
  add(program);
}

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
