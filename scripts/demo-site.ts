import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BrowserContext, chromium, type Page } from 'playwright';
import { type StaticServer, serveFolder } from '../examples/testing/static-server.js';
import { CHROMIUM_FLAGS } from './chromium.js';

const here = (path: string): string => fileURLToPath(new URL(`../examples/${path}`, import.meta.url));

/** The folder that the page is built into. */
export const built = here('output/browser');

/** What the tests ask of a visit. */
export interface Visit {
  /** @default 'en-US' */
  readonly locale?: string;
  /** A script that runs before those of the page. */
  readonly first?: string;
  readonly colorScheme?: 'light' | 'dark';
}

export interface DemoSite {
  readonly url: string;
  /** The same files at another address. */
  readonly other: StaticServer;
  /** The page in a profile of its own; `errors` are those that nobody caught. */
  visit(visit?: Visit): Promise<{ context: BrowserContext; page: Page; errors: string[] }>;
  close(): Promise<void>;
}

/** The page built with its demo, served, and a browser to visit it with. */
export async function startDemoSite(executablePath: string): Promise<DemoSite> {
  const node = (...args: string[]) => promisify(execFile)(process.execPath, args, { cwd: here('') });
  const command = (path: string): string => join(here('node_modules'), path);
  await node(command('tsx/dist/cli.mjs'), '--conditions=@rag/source', 'browser/make-demo.ts');
  await node(command('vite/bin/vite.js'), 'build', '--config', 'browser/vite.config.ts');
  const [server, other] = [await serveFolder(built), await serveFolder(built)];
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  return {
    url: server.url,
    other,
    async visit({ locale = 'en-US', first, colorScheme = 'light' } = {}) {
      const context = await browser.newContext({
        locale,
        colorScheme,
        viewport: { width: 1000, height: 900 },
      });
      context.setDefaultTimeout(120_000);
      if (first !== undefined) await context.addInitScript(first);
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('pageerror', ({ message }) => errors.push(message));
      await page.goto(server.url);
      // Its scripts have run, and it knows whether a run is waiting.
      await page.locator('main[aria-busy=false]').waitFor();
      return { context, page, errors };
    },
    async close() {
      await browser.close();
      await server.close();
      await other.close();
    },
  };
}
