/**
 * Writes the golden vectors: `npx tsx --conditions=source packages/protocol/test/generate-vectors.ts`. Needed only when
 * a vector is added: a changed one is a changed format, and its difference must be looked at byte by byte.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initCrypto } from '@hansa/crypto';
import { buildVectors, renderVectors } from './vector-inputs.ts';

await initCrypto();
for (const [name, vectors] of Object.entries(buildVectors())) {
  writeFileSync(join(import.meta.dirname, 'vectors', `${name}.json`), renderVectors(vectors));
}
