/**
 * One liar among four real node processes under load, strategy after strategy: `npm run byzantine -- --help`.
 * Exit code 1 when honest chains differ, an acknowledged transaction is missing or there twice, a ledger does not verify,
 * memory grows beyond its bound, or a strategy halves what the consortium gets done.
 */
import { parseArgs } from 'node:util';
import { startDevnet } from '../test/kit/devnet.ts';
import { LIAR_PLAYS, type LiarPlay } from '../test/kit/liar.ts';
import { countOf, playLiar, type Watched } from '../test/kit/liar-run.ts';

const names = LIAR_PLAYS.map(({ name }) => name);
const USAGE = `npm run byzantine -- [options]   (Linux)
  --seconds S        how long each strategy is played (60)
  --strategy NAME    only this one; several by repeating it
  --accounts N       clients, each waits for one transaction before its next (12)
  --leader-period N  heights of a term: the liar leads the first view of about each fourth one (32)
  --seed S           what the liar draws (1)
  --json             the report as JSON
strategies: ${names.join(', ')}
`;
const SHARE_MIN = 0.5;
const RESIDENT_MB_MAX = 600;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    strategy: { type: 'string', multiple: true },
    'leader-period': { type: 'string', default: '32' },
    accounts: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const period = Number(values['leader-period']);
const accountCount = Number(values.accounts);
const wanted = values.strategy ?? names;
const isWrong =
  !(seconds >= 1) ||
  !Number.isSafeInteger(seed) ||
  !(Number.isSafeInteger(period) && period >= 1) ||
  !(Number.isSafeInteger(accountCount) && accountCount >= 1) ||
  wanted.some((name) => !names.includes(name));
if (values.help || isWrong) {
  (values.help ? process.stdout : process.stderr).write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const say = (text: string): void => void (values.json ? process.stderr : process.stdout).write(`${text}\n`);

/** Without lies: the windows before and after. */
type Row = { readonly play: LiarPlay; readonly healthy: number; readonly lied: Watched; readonly share: number };
const rateOf = ({ transactionCount, seconds: took }: Watched): number => transactionCount / took;

const net = await startDevnet();
try {
  say(
    `${seconds} s for each strategy, ${accountCount} accounts in a closed loop, terms of ${period} heights, seed ${seed}`,
  );
  const report = await playLiar({
    net,
    plays: LIAR_PLAYS.filter(({ name }) => wanted.includes(name)),
    msPerPlay: seconds * 1_000,
    healthyMs: Math.max(4, seconds / 4) * 1_000,
    isHealthyBefore: () => true,
    leaderPeriod: String(period),
    accountCount,
    seed,
    onWatched: (watched) =>
      say(`${(watched.play?.name ?? '(no lies)').padEnd(22)} ${rateOf(watched).toFixed(1).padStart(7)} tx/s`),
  });
  const { watched } = report;
  const rows = watched.flatMap((lied, i): Row[] => {
    const [before, after] = [watched[i - 1], watched[i + 1]];
    if (lied.play === undefined || before === undefined || after === undefined) return [];
    const healthy = (rateOf(before) + rateOf(after)) / 2;
    return [{ play: lied.play, healthy, lied, share: rateOf(lied) / healthy }];
  });
  say('\n| strategy | lies | tx/s without | tx/s with | share | primary | MB resident | |');
  say('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const { play, healthy, lied, share } of rows) {
    const leads = `${(100 * lied.leadShare).toFixed(0)} %`;
    const cells = [healthy.toFixed(1), rateOf(lied).toFixed(1), share.toFixed(2), leads, lied.residentMbMax.toFixed(0)];
    say(`| ${play.name} | ${countOf(lied.lies)} | ${cells.join(' | ')} | ${verdictOf(share, lied)} |`);
  }
  say('');
  say(`${report.acknowledgedCount} transactions acknowledged`);
  for (const fault of report.faults) say(`VIOLATION ${JSON.stringify(fault)}`);
  for (const failure of report.verifyFailures) say(`VIOLATION hansa verify: ${failure}`);
  for (const [message, count] of report.refusals) say(`refused ${count} times: ${message}`);
  const isSafe = report.faults.length + report.verifyFailures.length === 0;
  if (isSafe) say('honest chains equal and verified, each acknowledged transaction there exactly once');
  if (values.json) process.stdout.write(`${JSON.stringify({ ...report, rows }, undefined, 2)}\n`);
  process.exitCode = isSafe && rows.every(({ share, lied }) => verdictOf(share, lied) === 'good') ? 0 : 1;
} finally {
  await net.dispose();
}

function verdictOf(share: number, { residentMbMax }: Watched): string {
  if (share < SHARE_MIN) return 'TOO SLOW';
  return residentMbMax > RESIDENT_MB_MAX ? 'TOO LARGE' : 'good';
}
