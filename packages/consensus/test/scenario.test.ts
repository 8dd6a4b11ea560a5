import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { renderScenario } from './scenario.ts';

const DIRECTORY = fileURLToPath(new URL('./scenarios/', import.meta.url));
const files = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith('.txt'))
  .sort();

test.each(files)('scenario %s', (name) => {
  const path = `${DIRECTORY}${name}`;
  const text = readFileSync(path, 'utf8');
  const rendered = renderScenario(text);
  if (process.env['HANSA_UPDATE_SCENARIOS'] === '1') writeFileSync(path, rendered);
  else expect(rendered).toBe(text);
});
