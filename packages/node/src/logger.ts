import { pino } from 'pino';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What every part of the node logs to. A message is a short sentence; values go into fields. */
export type Logger = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(component: string): Logger;
};

export type LogOptions = { readonly level: string; readonly format: 'text' | 'json' };

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

export function createLogger(
  options: LogOptions,
  write: (text: string) => void = (text) => void process.stdout.write(text),
): Logger {
  return options.format === 'json' ? jsonLogger(options.level, write) : textLogger(options.level, write, '');
}

function jsonLogger(level: string, write: (text: string) => void): Logger {
  const base = pino(
    {
      level,
      base: {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  const wrap = (target: typeof base): Logger => ({
    debug: (message, fields = {}) => target.debug(fields, message),
    info: (message, fields = {}) => target.info(fields, message),
    warn: (message, fields = {}) => target.warn(fields, message),
    error: (message, fields = {}) => target.error(fields, message),
    child: (component) => wrap(target.child({ component }) as typeof base),
  });
  return wrap(base);
}

const NODE_ID = /^[0-9a-f]{128}$/;

/** A node id by its start, as the commands show it; the JSON format has it whole. */
function shortened(value: LogFields[string]): string {
  return typeof value === 'string' && NODE_ID.test(value) ? `${value.slice(0, 8)}…` : String(value);
}

function textLogger(level: string, write: (text: string) => void, component: string): Logger {
  const least = LEVELS.indexOf(level);
  const log = (name: string, message: string, fields: LogFields = {}): void => {
    if (LEVELS.indexOf(name) < least) return;
    const time = new Date().toISOString().slice(11, 23);
    const extra = Object.entries(fields).filter(([, value]) => value !== undefined);
    const tail = extra.map(([key, value]) => ` ${key}=${shortened(value)}`).join('');
    const mark = name === 'warn' || name === 'error' ? `${name.toUpperCase()} ` : '';
    write(`${time} ${mark}${component === '' ? '' : `${component}: `}${message}${tail}\n`);
  };
  return {
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
    child: (name) => textLogger(level, write, name),
  };
}
