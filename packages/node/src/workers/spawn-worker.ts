import { Worker, type WorkerOptions } from 'node:worker_threads';

/** True when this very file runs as TypeScript: under vitest or tsx. Installed, it is JavaScript in `dist`. */
const IS_SOURCE: boolean = import.meta.url.endsWith('.ts');

/**
 * Starts a worker thread of this package. `entry` is the URL of its source, `new URL('./x-worker.ts', import.meta.url)`:
 * from source the worker loads it through tsx, with packages resolved from source as in the tests; from `dist` it loads
 * the compiled file of the same name.
 */
export function spawnWorker(
  entry: URL,
  options: Pick<WorkerOptions, 'workerData' | 'name' | 'transferList' | 'resourceLimits'>,
): Worker {
  if (!IS_SOURCE) return new Worker(withExtension(entry, '.js'), options);
  // Neither vitest's loader nor `--import tsx` reaches a worker thread on Node 20, so it registers tsx itself.
  const tsx = import.meta.resolve('tsx/esm/api');
  const source = withExtension(entry, '.ts').href;
  const load = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(source)}); });`;
  return new Worker(load, { ...options, eval: true, execArgv: ['--conditions=source'] });
}

function withExtension(entry: URL, extension: '.js' | '.ts'): URL {
  return new URL(entry.href.replace(/\.[jt]s$/, extension));
}
