import { expect, it } from 'vitest';
import { strftime } from './strftime.js';

it('formats local time in English', () => {
  const time = new Date(2026, 6, 5, 14, 3, 9);
  expect(strftime(time, '%Y-%m-%d %y %B %b %A %a %H:%M:%S %I %p 100%%')).toBe(
    '2026-07-05 26 July Jul Sunday Sun 14:03:09 02 PM 100%',
  );
  expect(strftime(new Date(2026, 0, 1, 0), '%I %p')).toBe('12 AM');
});

it('says which directive it does not know', () => {
  expect(() => strftime(new Date(), '%Z')).toThrow('got %Z');
});
