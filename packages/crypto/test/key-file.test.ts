import { formatKeyFile, parseKeyFile, standardSuite } from '@hansa/crypto';
import { describe, expect, it } from 'vitest';

it('FMT-5: a key file is 64 hex digits and a line end, and is read back', () => {
  const key = standardSuite.generateKey();
  const text = formatKeyFile(key);
  expect(text).toMatch(/^[0-9a-f]{64}\n$/);
  expect(parseKeyFile(text)).toEqual({ ok: true, value: key });
});

it('takes 0x, capitals and white space around', () => {
  const expected = parseKeyFile('ab'.repeat(32));
  expect(expected.ok).toBe(true);
  for (const text of [`0x${'ab'.repeat(32)}`, 'AB'.repeat(32), `  ${'ab'.repeat(32)}\r\n`])
    expect(parseKeyFile(text)).toEqual(expected);
});

describe('refuses what is no key, without repeating it', () => {
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
  const cases = {
    empty: '',
    short: 'ab'.repeat(31),
    long: 'ab'.repeat(33),
    'not hex': `${'ab'.repeat(31)}zz`,
    zero: '00'.repeat(32),
    order,
  };
  for (const [name, text] of Object.entries(cases)) {
    it(name, () => {
      const result = parseKeyFile(text);
      if (result.ok) throw new Error('refused was expected');
      expect(result.error.code).toBe('CRYPTO_KEY_FILE_MALFORMED');
      expect(result.error.remedy).toBeTruthy();
      if (text.length > 8) expect(JSON.stringify(result.error)).not.toContain(text.slice(0, 8));
    });
  }
});
