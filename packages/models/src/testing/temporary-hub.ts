import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import type { HubTiming } from '../node/hub-client.js';
import { type HubServer, startHubServer } from './hub-server.js';

/** What a test of the hub has: a hub of its own, an empty cache, and no variable of the machine that it runs on. */
export interface TemporaryHub {
  readonly hub: HubServer;
  /** An empty directory; the cache is `cache` in it. */
  readonly root: string;
  readonly cacheDir: string;
  /** Options that lead there, without waiting. */
  readonly options: {
    readonly endpoint: string;
    readonly cacheDir: string;
    readonly token: false;
    readonly offline: false;
    readonly timing: HubTiming;
  };
}

export const quick: HubTiming = { retries: 2, firstDelay: 1, longestDelay: 2, silence: 10_000 };

/** Sets it up before each test of the file and takes it down afterwards. */
export function temporaryHub(): TemporaryHub {
  const state = {} as { -readonly [Key in keyof TemporaryHub]: TemporaryHub[Key] };
  beforeEach(async () => {
    for (const name of Object.keys(process.env))
      if (/^(HF|HUGGING|TRANSFORMERS)/.test(name)) vi.stubEnv(name, undefined);
    state.root = await mkdtemp(join(tmpdir(), 'hub-'));
    state.cacheDir = join(state.root, 'cache');
    state.hub = await startHubServer();
    const { endpoint } = state.hub;
    state.options = { endpoint, cacheDir: state.cacheDir, token: false, offline: false, timing: quick };
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await state.hub.close();
    await rm(state.root, { recursive: true, force: true });
  });
  return state;
}
