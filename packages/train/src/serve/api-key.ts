import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether a header `Authorization` carries a key; the comparison takes equal time for all that it may hold.
 * @param key none: every request is let in
 */
export function apiKeyCheck(key: string | undefined): (authorization: string | undefined) => boolean {
  if (key === undefined) return () => true;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const expected = digest(`Bearer ${key}`);
  return (authorization) => timingSafeEqual(digest(authorization ?? ''), expected);
}
