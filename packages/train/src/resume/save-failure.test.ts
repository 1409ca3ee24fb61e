import { expect, test } from 'vitest';
import { SaveFailedError, saveFailure } from './save-failure.js';

const failed = (code: string) => Object.assign(new Error(`${code}: no space left`), { code });

test('says what the disk did, and what stands', () => {
  const full = saveFailure(failed('ENOSPC'), 'out/step_2', ['checkpoint_0', 'step_1']) as SaveFailedError;
  expect(full).toBeInstanceOf(SaveFailedError);
  expect(full.message).toBe(
    'out/step_2: expected a disk that takes it, got a full disk (ENOSPC: no space left) — free some space; step_1 stands, and --resume goes on from it',
  );
  expect(String(saveFailure(failed('EROFS'), 'p', []))).toContain('no checkpoint was written yet');
});

test('leaves other errors alone', () => {
  for (const other of [failed('ENOENT'), failed('toString'), new TypeError('x'), 'text', null])
    expect(saveFailure(other, 'p', [])).toBe(other);
});
