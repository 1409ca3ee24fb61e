import { bytesSource, DataError } from '@rag/data';
import { describe, expect, test } from 'vitest';
import { Crash, type CrashingDisk, crashingDisk } from '../testing/crashing-disk.js';
import {
  type EncodeEvent,
  EncodeInterruptedError,
  type EncodeJob,
  encodeFile,
  windowRows,
} from './encode-file.js';
import { rowParser } from './input-row.js';
import { vectorCodec, vectorFormats } from './vector-codec.js';

const width = 3;
const texts = (count: number) => Array.from({ length: count }, (_, i) => `text ${(i * 7919) % 1000}`);

/** Numbers of a text whose last bits depend on the texts that it is encoded with, as a model's do. */
const encoder: EncodeJob['encoder'] = {
  width,
  async encode(window, { signal, onProgress }) {
    signal?.throwIfAborted();
    const total = window.reduce((sum, text) => sum + text.length, 0);
    onProgress(window.length);
    return window.map((text) => Float32Array.of(Number(text.slice(5)), text.length, 1 + total * 1e-6));
  },
};

const job = async (
  lines: readonly string[],
  file: EncodeJob['file'],
  { format = 'npy', ...others }: Partial<EncodeJob> & { format?: (typeof vectorFormats)[number] } = {},
): Promise<EncodeJob> => ({
  sources: [
    bytesSource('a.txt', lines.slice(0, 700).join('\n')),
    bytesSource('b.txt', lines.slice(700).join('\n')),
  ],
  parse: rowParser({ kind: 'text' }),
  encoder,
  codec: await vectorCodec(format, width),
  file,
  settings: async () => ({ model: 'm' }),
  commitMilliseconds: 0,
  ...others,
});

/** A luck of its own for every seed. */
function luck(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function crashed(
  lines: readonly string[],
  disk: CrashingDisk,
  at: number,
  options: Parameters<typeof job>[2],
) {
  await expect(encodeFile(await job(lines, disk.open(at), options))).rejects.toThrow(Crash);
}

describe.each(vectorFormats)('%s', (format) => {
  // ragvec writes 4,096 rows at a time.
  const lines = texts(format === 'ragvec' ? 9300 : 3500);
  const whole = async () => {
    const disk = crashingDisk(luck(1));
    expect(await encodeFile(await job(lines, disk.open(), { format }))).toBe(lines.length);
    return { bytes: Buffer.from(disk.finished!), steps: disk.steps };
  };

  test('a crash at any step leaves what ends in the same bytes', async () => {
    const { bytes, steps } = await whole();
    const kept: string[] = [];
    for (let at = 0; at < steps; at++) {
      const disk = crashingDisk(luck(at));
      await crashed(lines, disk, at, { format });
      // The last step removes the note of a file that is finished.
      if (disk.finished === undefined)
        await encodeFile(await job(lines, disk.open(), { format, say: (line) => kept.push(line) }));
      expect(bytes.equals(disk.finished!)).toBe(true);
    }
    // Some crashes came before a commit, others later, at every place between.
    const places = new Set(kept.filter((line) => line.includes('going on')));
    expect([...places]).toEqual(
      format === 'ragvec'
        ? ['4,096', '8,192'].map((rows) => `vectors: going on behind ${rows} rows of an earlier run`)
        : ['1,024', '2,048', '3,072'].map(
            (rows) => `vectors: going on behind ${rows} rows of an earlier run`,
          ),
    );
  });

  test('so do many crashes of one run, at random steps', async () => {
    const { bytes, steps } = await whole();
    let crashes = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const random = luck(seed);
      const disk = crashingDisk(random);
      while (disk.finished === undefined) {
        const at = Math.floor(random() * steps);
        await encodeFile(await job(lines, disk.open(at), { format })).catch((error: unknown) => {
          expect(error).toBeInstanceOf(Crash);
          crashes++;
        });
      }
      expect(bytes.equals(disk.finished)).toBe(true);
    }
    expect(crashes).toBeGreaterThan(10);
  });
});

/** A disk on which 2,048 of 3,500 rows are durable. */
async function begun(): Promise<CrashingDisk> {
  const disk = crashingDisk(luck(5));
  let windows = 0;
  const failing: EncodeJob['encoder'] = {
    width,
    encode: async (...args) => {
      if (++windows === 3) throw new Error('out of memory');
      return encoder.encode(...args);
    },
  };
  const said: string[] = [];
  const options = { encoder: failing, commitMilliseconds: 1e9, say: (line: string) => said.push(line) };
  await expect(encodeFile(await job(texts(3500), disk.open(), options))).rejects.toThrow('out of memory');
  expect(said).toEqual(['vectors: 2,048 rows are kept, the same command goes on from there']);
  return disk;
}

test('an error keeps what was encoded before it, however long ago the last commit was', async () => {
  const disk = await begun();
  const said: string[] = [];
  await encodeFile(await job(texts(3500), disk.open(), { say: (line) => said.push(line) }));
  expect(said).toEqual(['vectors: going on behind 2,048 rows of an earlier run']);
  const other = crashingDisk(luck(6));
  await encodeFile(await job(texts(3500), other.open()));
  expect(disk.finished).toEqual(other.finished);
});

test('other settings, other input, a note that was changed', async () => {
  const disk = await begun();
  const other = { settings: async () => ({ model: 'n' }) };
  await expect(encodeFile(await job(texts(3500), disk.open(), other))).rejects.toThrow(
    'vectors.progress.json: expected model "m", with which the file was begun, got "n"',
  );
  const changed = ['text 5', ...texts(3500).slice(1)];
  await expect(encodeFile(await job(changed, disk.open()))).rejects.toThrow(
    'a.txt, b.txt: expected the 2048 lines that were encoded before, got others',
  );
  const odd = { ...disk.open(), note: '{"version":1,"rows":7,"lines":7,"bytes":7}' };
  await expect(encodeFile(await job(texts(3500), odd))).rejects.toThrow(
    '"rows" to be a multiple of 1024, got 7',
  );
  // None of these took anything away.
  const said: string[] = [];
  await encodeFile(await job(texts(3500), disk.open(), { say: (line) => said.push(line) }));
  expect(said).toHaveLength(1);
});

test.each([
  ['settings', { settings: async () => ({ model: 'n' }) }, texts(3500)],
  ['input', {}, ['text 5', ...texts(3500).slice(1)]],
])('overwrite begins again for other %s', async (_, options, lines) => {
  const disk = await begun();
  await encodeFile(await job(lines, disk.open(), { ...options, overwrite: true }));
  const fresh = crashingDisk(luck(7));
  await encodeFile(await job(lines, fresh.open(), options));
  expect(disk.finished).toEqual(fresh.finished);
});

test('an interrupted run says what is kept', async () => {
  const disk = crashingDisk(luck(8));
  const control = new AbortController();
  const stopAt = (rows: number) => ({
    signal: control.signal,
    onProgress: (event: EncodeEvent) => {
      if (event.rows >= rows) control.abort(new Error('SIGINT'));
    },
  });
  const error = await encodeFile(await job(texts(3500), disk.open(), stopAt(2048))).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(EncodeInterruptedError);
  // The window in progress is lost.
  expect(String(error)).toContain(
    'vectors: interrupted — 1,024 rows are kept, the same command goes on from there',
  );
  const fresh = crashingDisk(luck(9));
  await expect(encodeFile(await job(texts(3500), fresh.open(), stopAt(1)))).rejects.toThrow(
    'vectors: interrupted — no rows are kept',
  );
  expect(fresh.open().note).toBeUndefined();
});

test('a bad line is named, and the rows before it are kept', async () => {
  const lines = texts(3500);
  lines[3000] = '\u3000';
  const disk = crashingDisk(luck(10));
  const error = await encodeFile(await job(lines, disk.open())).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DataError);
  expect(String(error)).toContain('b.txt:2301: expected a text, got blanks alone');
  lines[3000] = 'text 1';
  expect(await encodeFile(await job(lines, disk.open()))).toBe(3500);
});

/** The encoder, with what it was asked to prepare and to encode, by the first text of each window. */
function preparing(): { asked: string[]; ahead: EncodeJob['encoder'] } {
  const asked: string[] = [];
  const prepared = new Set<readonly string[]>();
  const ahead: EncodeJob['encoder'] = {
    width,
    prepare(window) {
      asked.push(`prepare ${window[0]}`);
      prepared.add(window);
    },
    encode(window, control) {
      expect(prepared.has(window)).toBe(true);
      asked.push(`encode ${window[0]}`);
      return encoder.encode(window, control);
    },
  };
  return { asked, ahead };
}

test('an encoder that prepares is told of each window once, in order, and the bytes are the same', async () => {
  const { asked, ahead } = preparing();
  const [with_, without] = [crashingDisk(luck(1)), crashingDisk(luck(1))];
  await encodeFile(await job(texts(3500), with_.open(), { encoder: ahead }));
  await encodeFile(await job(texts(3500), without.open()));
  expect(with_.finished).toEqual(without.finished);
  const firsts = [0, 1, 2, 3].map((i) => texts(3500)[i * windowRows]);
  for (const what of ['prepare', 'encode'])
    expect(asked.filter((line) => line.startsWith(what))).toEqual(firsts.map((text) => `${what} ${text}`));
  for (const text of firsts)
    expect(asked.indexOf(`prepare ${text}`)).toBeLessThan(asked.indexOf(`encode ${text}`));
});

test('it keeps the rows before a bad line too', async () => {
  const lines = texts(3500);
  lines[3000] = '\u3000';
  const disk = crashingDisk(luck(10));
  const { ahead } = preparing();
  await expect(encodeFile(await job(lines, disk.open(), { encoder: ahead }))).rejects.toThrow('b.txt:2301');
  expect(JSON.parse(disk.open().note!)).toMatchObject({ rows: 2048 });
});

test('progress counts rows and bytes of the input', async () => {
  const events: EncodeEvent[] = [];
  await encodeFile(
    await job(texts(3500), crashingDisk(luck(11)).open(), { onProgress: (e) => events.push(e) }),
  );
  expect(events.map(({ rows }) => rows)).toEqual([windowRows, 2 * windowRows, 3 * windowRows, 3500]);
  expect(events.at(-1)).toMatchObject({ rowsHere: 3500, share: 1 });
  const disk = await begun();
  events.length = 0;
  await encodeFile(await job(texts(3500), disk.open(), { onProgress: (e) => events.push(e) }));
  expect(events.map(({ rows, rowsHere }) => [rows, rowsHere])).toEqual([
    [3072, 1024],
    [3500, 1452],
  ]);
  for (const { share, shareHere } of events) expect(shareHere).toBeLessThan(share);
});

test('vectors of another width are refused', async () => {
  const wrong = { width, encode: async (window: readonly string[]) => window.map(() => new Float32Array(2)) };
  await expect(
    encodeFile(await job(texts(800), crashingDisk(luck(12)).open(), { encoder: wrong })),
  ).rejects.toThrow('vectors: expected 3 elements each, got 2');
});
