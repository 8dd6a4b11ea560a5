import { toFailure } from '../failure.ts';

/** How a command talks: people on stdout, programs by `--json`, trouble on stderr with code, cause and remedy. */
export type Output = {
  readonly json: boolean;
  /** A line for a person; silent with --json. */
  line(text?: string): void;
  /** The result for a program; silent without --json. One object on one line. */
  data(value: unknown): void;
};

const replaceBigint = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

export function createOutput(options: { readonly json?: boolean | undefined }): Output {
  const json = options.json === true;
  // A reader that went away (`hansa status | head -1`) ends the command, it is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  return {
    json,
    line: (text = '') => {
      if (!json) process.stdout.write(`${text}\n`);
    },
    data: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value, replaceBigint)}\n`);
    },
  };
}

/** Says what went wrong and ends the process with exit code 1. */
export function failCommand(error: unknown, json: boolean): never {
  const failure = toFailure(error);
  if (json) process.stderr.write(`${JSON.stringify({ error: failure })}\n`);
  else {
    process.stderr.write(`error ${failure.code}: ${failure.message}\n`);
    if (failure.cause !== undefined) process.stderr.write(`  cause: ${failure.cause}\n`);
    if (failure.remedy !== undefined) process.stderr.write(`  remedy: ${failure.remedy}\n`);
  }
  process.exit(1);
}

/** Renders rows in aligned columns. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)));
  const render = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [render(header), render(widths.map((width) => '-'.repeat(width))), ...rows.map(render)].join('\n');
}

/** `16Uiu2…`-free short form of a node id for people. */
export const shortId = (nodeId: string): string => `${nodeId.slice(0, 8)}…`;
