import { expect, test } from 'vitest';
import { type Campaign, campaign } from './campaign.js';
import { mutateBytes } from './mutate-bytes.js';
import { mutateJson } from './mutate-json.js';
import { randomFrom } from './random.js';

class OwnError extends Error {}
const base: Campaign<number> = {
  format: 'numbers',
  seed: 1,
  files: 50,
  mutant: (random) => random(10),
  open: () => undefined,
  errors: [OwnError],
};

test('counts what was read, what was refused, and why', async () => {
  const report = await campaign({
    ...base,
    open: async (number) => {
      if (number < 3) throw new OwnError(`byte ${number} is "wrong"`);
      if (number < 5) throw new RangeError(`f: expected 5, got ${number} — try again`);
    },
  });
  expect(report.read + report.refused).toBe(50);
  expect(report.read).toBeGreaterThan(10);
  expect([...report.reasons.keys()].sort()).toEqual(['byte … is …', 'f: expected …, got … — try again']);
});

test.each<[string, () => unknown]>([
  ['of undefined', () => (undefined as unknown as { x: number }).x],
  ['of a length', () => new Uint8Array(-1)],
  ['of JSON', () => JSON.parse('{')],
  [
    'of the stack',
    function overflow(): unknown {
      return [overflow()];
    },
  ],
  [
    'that is none',
    () => {
      throw 'a string';
    },
  ],
])('an error of the engine %s ends it, with the way to make the file again', async (_, open) => {
  const error = await campaign({ ...base, open: (number) => number === 7 && open() }).then(
    () => undefined,
    (caught: Error) => caught,
  );
  expect(error?.message).toMatch(/^numbers: file \d+ of seed 1: expected one of the reader's errors, got /);
  expect(error?.cause).toBeDefined();
  const index = Number(/file (\d+)/.exec(error!.message)![1]);
  expect(randomFrom(1 * 1_000_003 + index)(10)).toBe(7);
});

test('memory that stays allocated ends it', async () => {
  const kept: Uint8Array[] = [];
  const open = () => kept.push(new Uint8Array(2 ** 29 + 2 ** 20));
  await expect(campaign({ ...base, open })).rejects.toThrow(/expected at most 536870912 bytes, got \d+/);
});

test('a seed decides the damage, another seed other damage', () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => i);
  const json = '{"a":[1,2,{"b":"text"}],"c":null,"d":-5}';
  const made = (seed: number) => {
    const random = randomFrom(seed);
    return Array.from({ length: 50 }, () => [mutateBytes(bytes, random).join(), mutateJson(json, random)]);
  };
  expect(made(1)).toEqual(made(1));
  expect(made(1)).not.toEqual(made(2));
  const byteKinds = new Set(made(3).map(([damaged]) => damaged));
  expect(byteKinds.size).toBeGreaterThan(45);
});

test('damaged JSON is mostly still JSON, with other values, keys and depths', () => {
  const random = randomFrom(4);
  const texts = Array.from({ length: 300 }, () => mutateJson('{"a":[1,2],"b":{"c":"x"}}', random));
  const parsed = texts.filter((json) => {
    try {
      JSON.parse(json);
      return true;
    } catch {
      return false;
    }
  });
  expect(parsed.length).toBeGreaterThan(150);
  for (const trace of ['"__proto__"', '[[[[[[', '{"a":{"a":', '4503599627370', '"a":[1,2],"a":[1,2]'])
    expect(
      texts.some((json) => json.includes(trace)),
      trace,
    ).toBe(true);
});

test('the smallest files can be damaged too', () => {
  const random = randomFrom(5);
  for (let i = 0; i < 200; i++) {
    mutateBytes(new Uint8Array(0), random);
    mutateBytes(Uint8Array.of(1), random);
    for (const json of ['', '1', '""', '{}']) mutateJson(json, random);
  }
});
