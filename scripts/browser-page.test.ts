import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StaticServer, serveFolder } from '../examples/testing/static-server.js';
import { CHROMIUM_FLAGS, findChromium } from './chromium.js';

/** A browser that shows pages; CI has one, so that there its absence fails. */
const executablePath = findChromium();
const reason = 'no Chromium: install one, or name it in CHROMIUM';
if (executablePath === undefined && process.env.CI) throw new Error(`browser-page: ${reason}`);

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = join(root, 'examples');
const built = join(examples, 'output/browser');
const downloads = mkdtempSync(join(tmpdir(), 'rag-page-'));

/** Screenshots go to this folder, to be looked at. */
const shots = process.env.RAG_SCREENSHOTS;
const shot = async (page: Page, name: string) => {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
};

describe.skipIf(executablePath === undefined)(
  `the page of examples/browser${executablePath ? '' : ` (${reason})`}`,
  () => {
    let server: StaticServer;
    let other: StaticServer;
    let browser: Browser;

    beforeAll(async () => {
      const run = promisify(execFile);
      const node = (...args: string[]) => run(process.execPath, args, { cwd: examples });
      await node(
        join(examples, 'node_modules/tsx/dist/cli.mjs'),
        '--conditions=@rag/source',
        'browser/make-demo.ts',
      );
      await node(
        join(examples, 'node_modules/vite/bin/vite.js'),
        'build',
        '--config',
        'browser/vite.config.ts',
      );
      server = await serveFolder(built);
      other = await serveFolder(built);
      browser = await chromium.launch({ executablePath: executablePath!, args: CHROMIUM_FLAGS });
    }, 300_000);
    afterAll(async () => {
      await browser?.close();
      await server?.close();
      await other?.close();
      rmSync(downloads, { recursive: true });
    });

    /** A page in a profile of its own; what it says of errors fails the test. */
    async function open(locale = 'en-US') {
      const context = await browser.newContext({ locale, viewport: { width: 1000, height: 900 } });
      context.setDefaultTimeout(120_000);
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('pageerror', ({ message }) => errors.push(message));
      await page.goto(server.url);
      await page.getByRole('heading', { level: 1 }).filter({ hasText: /\S/ }).waitFor();
      return { context, page, errors };
    }
    const openDemo = async (page: Page, name: 'reranker' | 'ColBERT') => {
      await page.getByRole('button', { name: 'Demo passages' }).click();
      await page.getByText('40 queries').waitFor();
      await page.getByRole('button', { name: `Demo ${name}` }).click();
      await page.locator('#model-state', { hasText: 'parameters' }).waitFor();
    };
    const search = async (page: Page, query?: string) => {
      if (query !== undefined) await page.getByLabel('Query').fill(query);
      await page.getByRole('button', { name: 'Search' }).click();
      await page.locator('#results > li').first().waitFor();
    };
    const failureOf = (page: Page) => page.locator('#failure').textContent();
    const updatesOf = async (page: Page) =>
      Number(/Update (\d+)/.exec((await page.locator('#tune-progress').textContent()) ?? '')?.[1] ?? 0);

    it('reranks, is told what is relevant, trains, survives a closed tab, and gives the checkpoint', async () => {
      const { context, page, errors } = await open();
      expect(await page.evaluate('crossOriginIsolated')).toBe(true);
      await openDemo(page, 'reranker');
      await search(page);
      const scores = await page.locator('#results .place span').allTextContents();
      expect(scores.map(Number)).toEqual(scores.map(Number).toSorted((a, b) => b - a));
      const first = page.locator('#results > li').first();
      await first.getByRole('button', { name: 'Relevant', exact: true }).click();
      await page
        .locator('#results > li')
        .nth(1)
        .getByRole('button', { name: 'Not relevant', exact: true })
        .click();
      expect(
        await first.getByRole('button', { name: 'Relevant', exact: true }).getAttribute('aria-pressed'),
      ).toBe('true');
      expect(await page.locator('#tune-state').textContent()).toMatch(/^\d{3} pairs .* 2 of them marked/);
      await shot(page, 'reranked');

      await page.getByLabel('Epochs').fill('50');
      await page.getByRole('button', { name: 'Fine-tune' }).click();
      // One more update than the first that is kept.
      await expect.poll(() => updatesOf(page), { timeout: 120_000 }).toBeGreaterThan(5);
      await page.close();

      const again = await context.newPage();
      await again.goto(server.url);
      const kept = (await again.locator('#saved-text').filter({ hasText: 'demo-reranker' }).textContent())!;
      const keptUpdates = Number(/: (\d+) of/.exec(kept)![1]);
      expect(keptUpdates % 5).toBe(0);
      expect(keptUpdates).toBeGreaterThan(0);
      await shot(again, 'waiting');
      await again.getByRole('button', { name: 'Go on where you stopped' }).click();
      await expect.poll(() => updatesOf(again), { timeout: 120_000 }).toBeGreaterThan(keptUpdates);
      const points = (await again.locator('#chart polyline.each').getAttribute('points'))!;
      expect(points.split(' ').length).toBeGreaterThan(keptUpdates);
      await again.getByRole('button', { name: 'Stop', exact: true }).click();
      await again.getByRole('button', { name: 'Stop', exact: true }).waitFor({ state: 'hidden' });
      await again.locator('#model-state', { hasText: 'trained here' }).waitFor();
      expect(await failureOf(again)).toBe('');
      expect(await again.locator('#quality').textContent()).toMatch(/nDCG@10 0\.\d{3} → 0\.\d{3} over \d+/);
      await search(again);
      expect(await again.locator('#results .place span').allTextContents()).not.toEqual(scores);
      expect(await again.locator('#tune-state').textContent()).toContain('2 of them marked');
      await shot(again, 'tuned');

      const saving = again.waitForEvent('download');
      await again.getByRole('button', { name: /Download/ }).click();
      const path = join(downloads, 'model.zip');
      await (await saving).saveAs(path);
      const zip = readFileSync(path);
      expect(zip.subarray(0, 4)).toEqual(Buffer.from('PK\x03\x04'));
      for (const name of ['config.json', 'tokenizer.json', 'model.safetensors'])
        expect(zip.includes(name), name).toBe(true);
      expect(errors).toEqual([]);
      await context.close();
    });

    it('serves on WebGPU where that is asked for, and trains there', async () => {
      const { context, page, errors } = await open();
      await page.getByRole('radio', { name: 'WebGPU' }).check();
      await openDemo(page, 'reranker');
      expect(await page.locator('#model-state').textContent()).toContain('webgpu');
      await search(page);
      // Without a GPU an update takes a minute: shaders of every shape are compiled, and run on the processor.
      if (process.env.RAG_LONG) {
        await page.getByRole('button', { name: 'Fine-tune' }).click();
        await expect.poll(() => updatesOf(page), { timeout: 300_000 }).toBeGreaterThan(1);
        await page.getByRole('button', { name: 'Stop', exact: true }).click();
        await page.locator('#model-state', { hasText: 'trained here' }).waitFor();
      }
      expect(await failureOf(page)).toBe('');
      expect(errors).toEqual([]);
      await context.close();
    });

    it('shows which tokens match, on a narrow screen as well, in both languages and by the keyboard', async () => {
      const { context, page, errors } = await open();
      await openDemo(page, 'ColBERT');
      await search(page, 'why does the heart beat');
      expect(await page.getByRole('button', { name: 'Fine-tune' }).isDisabled()).toBe(true);
      const toggle = page.getByRole('button', { name: 'Token matches' }).first();
      await toggle.focus();
      await page.keyboard.press('Enter');
      const table = page.locator('table.heat');
      await table.waitFor();
      const [tokens, rows] = [await table.locator('tbody th').allTextContents(), table.locator('tbody tr')];
      expect(tokens).toContain('heart');
      for (let i = 0; i < tokens.length; i++)
        expect(await rows.nth(i).locator('.best').textContent()).toMatch(/^-?\d\.\d\d$/);
      await shot(page, 'matches');
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      await page.getByRole('button', { name: '中文' }).click();
      await page.getByRole('heading', { name: '在此页面中重排与微调' }).waitFor();
      expect(await page.evaluate('document.documentElement.lang')).toBe('zh-Hans');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      await shot(page, 'narrow-zh');
      expect(errors).toEqual([]);
      await context.close();
    });

    it('asks no address but its own and a typed one, neither the page nor its worker', async () => {
      const { context, page, errors } = await open();
      const before = other.asked.length;
      const blocked = (address: string) =>
        fetch(address).then(
          () => 'answered',
          () => 'refused',
        );
      expect(await page.evaluate(blocked, `${other.url}index.html`)).toBe('refused');
      await page.getByRole('button', { name: 'Demo passages' }).click();
      await page.getByText('40 queries').waitFor();
      for (const worker of page.workers())
        expect(await worker.evaluate(blocked, `${other.url}index.html`)).toBe('refused');
      expect(other.asked.length).toBe(before);

      await page.getByLabel('URL of a model').fill(`${other.url}demo/reranker/`);
      await page.getByRole('button', { name: 'Open', exact: true }).click();
      await page.locator('#model-state', { hasText: 'CrossEncoder' }).waitFor();
      expect(other.asked).toContain('/demo/reranker/model.safetensors');
      await page.getByLabel('URL of a model').fill('nothing/');
      await page.getByRole('button', { name: 'Open', exact: true }).click();
      await page.locator('#failure', { hasText: 'config.json: expected it in the checkpoint' }).waitFor();
      expect(errors).toEqual([]);
      await context.close();
    });

    it('opens a folder that was picked, and says which line of a file is wrong', async () => {
      const { context, page } = await open('zh-CN');
      await page.locator('#folder').setInputFiles(join(built, 'demo/reranker'));
      await page.locator('#model-state', { hasText: '个参数' }).waitFor();
      await page.locator('#rows').setInputFiles({
        name: 'rows.jsonl',
        mimeType: 'application/jsonl',
        buffer: Buffer.from('{"query":"q","pos":["p"]}\n{"query":"q"}\n'),
      });
      await page.locator('#failure', { hasText: 'rows.jsonl:2' }).waitFor();
      await context.close();
    });
  },
);
