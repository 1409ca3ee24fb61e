import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hubEnvironment } from './hub-environment.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hf-home-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

test('without variables: the hub itself and the cache in the home directory', async () => {
  expect(await hubEnvironment({ token: false }, {})).toEqual({
    endpoint: 'https://huggingface.co',
    cacheDir: join(homedir(), '.cache', 'huggingface', 'hub'),
    token: undefined,
    offline: false,
  });
});

test('the cache: option, HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME', async () => {
  const variables = {
    XDG_CACHE_HOME: '/x',
    HF_HOME: '~/hf',
    HUGGINGFACE_HUB_CACHE: '$DATA/old',
    HF_HUB_CACHE: '${' + 'DATA}/new',
    DATA: '/data',
  };
  const cacheOf = async (cacheDir?: string) =>
    (await hubEnvironment({ token: false, ...(cacheDir && { cacheDir }) }, variables)).cacheDir;
  expect(await cacheOf('mine')).toBe(resolve('mine'));
  for (const [name, expected] of [
    ['HF_HUB_CACHE', '/data/new'],
    ['HUGGINGFACE_HUB_CACHE', '/data/old'],
    ['HF_HOME', join(homedir(), 'hf', 'hub')],
    ['XDG_CACHE_HOME', '/x/huggingface/hub'],
  ] as const) {
    expect(await cacheOf()).toBe(resolve(expected));
    delete (variables as Record<string, string>)[name];
  }
});

test('the token: option, HF_TOKEN, the older name, the file of HF_TOKEN_PATH or HF_HOME', async () => {
  await writeFile(join(home, 'token'), 'hf_home\n');
  await mkdir(join(home, 'other'));
  await writeFile(join(home, 'other', 't'), ' hf_path ');
  const variables: Record<string, string> = {
    HF_HOME: home,
    HF_TOKEN_PATH: join(home, 'other', 't'),
    HUGGING_FACE_HUB_TOKEN: 'hf_old',
    HF_TOKEN: 'hf_new',
  };
  const tokenOf = async (token?: string | false) =>
    (await hubEnvironment(token === undefined ? {} : { token }, variables)).token;
  expect(await tokenOf('hf_given')).toBe('hf_given');
  expect(await tokenOf(false)).toBeUndefined();
  expect(await tokenOf()).toBe('hf_new');
  delete variables.HF_TOKEN;
  expect(await tokenOf()).toBe('hf_old');
  delete variables.HUGGING_FACE_HUB_TOKEN;
  expect(await tokenOf()).toBe('hf_path');
  delete variables.HF_TOKEN_PATH;
  expect(await tokenOf()).toBe('hf_home');
  variables.HF_HUB_DISABLE_IMPLICIT_TOKEN = '1';
  expect(await tokenOf()).toBeUndefined();
  expect(await tokenOf('hf_given')).toBe('hf_given');
});

test('a token that no header can hold is refused without being shown', async () => {
  for (const token of ['hf_geheim\nx', 'hf_秘', 'hf geheim']) {
    const error = await hubEnvironment({ token }, {}).catch((found: Error) => found);
    expect(String(error)).toMatch(/^OptionError: token: expected visible ASCII characters alone, got others/);
    expect(String(error)).not.toMatch(/geheim|秘/);
  }
});

test('offline and endpoint', async () => {
  const of = (variables: Record<string, string>, options = {}) =>
    hubEnvironment({ token: false, ...options }, variables);
  for (const value of ['1', 'ON', 'yes', 'True'])
    expect(await of({ HF_HUB_OFFLINE: value })).toMatchObject({ offline: true });
  for (const value of ['0', '', 'no'])
    expect(await of({ HF_HUB_OFFLINE: value })).toMatchObject({ offline: false });
  expect(await of({ TRANSFORMERS_OFFLINE: '1' })).toMatchObject({ offline: true });
  expect(await of({ HF_HUB_OFFLINE: '1' }, { offline: false })).toMatchObject({ offline: false });
  expect(await of({ HF_ENDPOINT: 'https://mirror.example/hf/' })).toMatchObject({
    endpoint: 'https://mirror.example/hf',
  });
  expect(await of({ HF_ENDPOINT: '' })).toMatchObject({ endpoint: 'https://huggingface.co' });
  await expect(of({ HF_ENDPOINT: 'mirror.example' })).rejects.toThrow(
    'endpoint: expected an http(s) URL, got "mirror.example"',
  );
});
