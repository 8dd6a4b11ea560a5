import { assert, assertNever, ChainError, fail, InvariantError, ok } from '@hansa/primitives';
import { expect, it } from 'vitest';

it('a result is a value or a reason', () => {
  expect(ok(1)).toEqual({ ok: true, value: 1 });
  expect(fail('why')).toEqual({ ok: false, error: 'why' });
});

it('a ChainError carries code, remedy and cause', () => {
  const cause = new Error('disk');
  const error = new ChainError({ code: 'X_Y', message: 'what', remedy: 'how' }, { cause });
  expect([error.name, error.code, error.message, error.remedy, error.cause]).toEqual([
    'ChainError',
    'X_Y',
    'what',
    'how',
    cause,
  ]);
  expect('cause' in new ChainError({ code: 'X_Y', message: 'what' })).toBe(false);
});

it('a broken invariant throws, a kept one does not', () => {
  expect(() => assert(true, 'kept')).not.toThrow();
  expect(() => assert(false, 'broken')).toThrow(InvariantError);
  expect(() => assertNever({ type: 'new' } as never)).toThrow(/unreachable variant: new/);
  expect(() => assertNever('text' as never)).toThrow(/text/);
});
