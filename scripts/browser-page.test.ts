import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scorePassages } from '../examples/browser/testing/score-passages.js';
import { unpack } from '../examples/browser/testing/unpack.js';
import { findChromium } from './chromium.js';
import { built, type DemoSite, startDemoSite, type Visit } from './demo-site.js';
import {
  dropPaths,
  dropTexts,
  failureOf,
  foundIn,
  openDemo,
  search,
  shot,
  stopTuning,
  updatesOf,
} from './page-actions.js';

/** A browser that shows pages; CI has one, so that there its absence fails. */
const executablePath = findChromium();
const reason = 'no Chromium: install one, or name it in CHROMIUM';
if (executablePath === undefined && process.env.CI) throw new Error(`browser-page: ${reason}`);

const downloads = mkdtempSync(join(tmpdir(), 'rag-page-'));

describe.skipIf(executablePath === undefined)(
  `the page of examples/browser${executablePath ? '' : ` (${reason})`}`,
  () => {
    let site: DemoSite;
    beforeAll(async () => {
      site = await startDemoSite(executablePath!);
    }, 300_000);
    afterAll(async () => {
      await site?.close();
      rmSync(downloads, { recursive: true });
    });
    const open = (visit?: Visit) => site.visit(visit);

    it.each(['reranker', 'embedding', 'colbert'] as const)(
      '%s: answers, is told what is relevant, trains, survives a closed tab, and is downloaded as it then answers',
      async (task) => {
        const { context, page, errors } = await open();
        expect(await page.evaluate('crossOriginIsolated')).toBe(true);
        await openDemo(page, task);
        expect(await page.locator('#model-state').textContent()).toContain('Its weights are fresh');
        await search(page);
        const before = await foundIn(page);
        expect(before.scores).toEqual(before.scores.toSorted((a, b) => b - a));
        const [first, second] = [0, 1].map((i) => page.locator('#results > li').nth(i));
        const relevant = first!.getByRole('button', { name: 'Relevant', exact: true });
        await relevant.click();
        await second!.getByRole('button', { name: 'Not relevant', exact: true }).click();
        expect(await relevant.getAttribute('aria-pressed')).toBe('true');
        expect(await page.locator('#tune-state').textContent()).toMatch(/^\d{3} pairs .* 2 of them marked/);
        await shot(page, `${task}-searched`);

        await page.getByLabel('Epochs').fill('50');
        await page.getByRole('button', { name: 'Fine-tune' }).click();
        // One more update than the first that is kept.
        await expect.poll(() => updatesOf(page), { timeout: 120_000 }).toBeGreaterThan(5);
        await page.close();

        const again = await context.newPage();
        await again.goto(site.url);
        const kept = await again
          .locator('#saved-text')
          .filter({ hasText: `demo-${task}` })
          .textContent();
        const keptUpdates = Number(/: (\d+) of/.exec(kept!)![1]);
        expect(keptUpdates % 5).toBe(0);
        expect(keptUpdates).toBeGreaterThan(0);
        await shot(again, `${task}-waiting`);
        await again.getByRole('button', { name: 'Go on where you stopped' }).click();
        await expect.poll(() => updatesOf(again), { timeout: 120_000 }).toBeGreaterThan(keptUpdates);
        const points = (await again.locator('#chart polyline.each').getAttribute('points'))!;
        expect(points.split(' ').length).toBeGreaterThan(keptUpdates);
        await stopTuning(again);
        expect(await failureOf(again)).toBe('');
        const quality = (await again.locator('#quality').textContent())!;
        expect(quality).toMatch(/nDCG@10 0\.\d{3} → 0\.\d{3} over \d+/);
        // Where it began, and where it was stopped.
        expect(await again.locator('#chart circle').count()).toBeGreaterThan(1);
        await search(again);
        const after = await foundIn(again);
        expect(after.scores).not.toEqual(before.scores);
        expect(await again.locator('#tune-state').textContent()).toContain('2 of them marked');
        await shot(again, `${task}-tuned`);

        const saving = again.waitForEvent('download');
        await again.getByRole('button', { name: /Download/ }).click();
        const path = join(downloads, task);
        const files = unpack(readFileSync(await (await saving).path()), path);
        expect(files).toEqual(expect.arrayContaining(['config.json', 'tokenizer.json', 'model.safetensors']));
        const query = await again.getByLabel('Query').inputValue();
        const scores = await (await scorePassages[task](path))(query, after.passages);
        // The page shows three decimals.
        for (const [i, score] of scores.entries())
          expect(Math.abs(score - after.scores[i]!)).toBeLessThan(1e-3);
        expect(errors).toEqual([]);
        await context.close();
      },
    );

    it('serves and trains on WebGPU where that is asked for, to the numbers of WebAssembly', async () => {
      const { context, page, errors } = await open();
      // Texts of one length and updates of one shape: a processor that plays GPU compiles its shaders for every other one.
      const words = ['heart', 'blood', 'water', 'cloud', 'muscle', 'sweat'];
      const rows = words.map((query, i) => ({ query, pos: [query], neg: [words[(i + 1) % 6]] }));
      await dropTexts(page, 'body', { 'words.jsonl': rows.map((row) => JSON.stringify(row)).join('\n') });
      await page.getByText('6 queries, 6 passages').waitFor();
      const trained = async (provider: string) => {
        await page.locator(`#${provider}`).check();
        await page.getByRole('button', { name: 'Demo reranker' }).click();
        await page.locator('#model-state', { hasText: `parameters · ${provider}` }).waitFor();
        await page.getByLabel('Epochs').fill('3');
        await page.getByRole('button', { name: 'Fine-tune' }).click();
        await page.locator('#model-state', { hasText: 'trained here for 3 updates' }).waitFor();
        await search(page, 'heart');
        expect(await failureOf(page)).toBe('');
        const { passages, scores } = await foundIn(page);
        const loss = Number(/loss (\S+)/.exec((await page.locator('#tune-progress').textContent())!)![1]);
        return { loss, scores: new Map(passages.map((passage, i) => [passage, scores[i]!])) };
      };
      const [gpu, cpu] = [await trained('webgpu'), await trained('wasm')];
      expect(Math.abs(gpu.loss - cpu.loss)).toBeLessThan(1e-3);
      expect(gpu.scores.size).toBe(6);
      for (const [passage, score] of gpu.scores)
        expect(Math.abs(score - cpu.scores.get(passage)!), passage).toBeLessThan(2e-3);
      expect(errors).toEqual([]);
      await context.close();
    });

    it('shows which tokens match, on a narrow screen as well, in both languages and by the keyboard', async () => {
      const { context, page, errors } = await open();
      await openDemo(page, 'colbert');
      await search(page, 'why does the heart beat');
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
      const before = site.other.asked.length;
      const blocked = (address: string) =>
        fetch(address).then(
          () => 'answered',
          () => 'refused',
        );
      expect(await page.evaluate(blocked, `${site.other.url}index.html`)).toBe('refused');
      await page.getByRole('button', { name: 'Demo passages' }).click();
      await page.getByText('40 queries').waitFor();
      for (const worker of page.workers())
        expect(await worker.evaluate(blocked, `${site.other.url}index.html`)).toBe('refused');
      expect(site.other.asked.length).toBe(before);

      await page.getByLabel('URL of a model').fill(`${site.other.url}demo/reranker/`);
      await page.getByRole('button', { name: 'Open', exact: true }).click();
      await page.locator('#model-state', { hasText: 'CrossEncoder' }).waitFor();
      expect(site.other.asked).toContain('/demo/reranker/model.safetensors');
      await page.getByLabel('URL of a model').fill('nothing/');
      await page.getByRole('button', { name: 'Open', exact: true }).click();
      await page.locator('#failure', { hasText: 'config.json: expected it in the checkpoint' }).waitFor();
      expect(errors).toEqual([]);
      await context.close();
    });

    it('opens a folder that was picked, and says which line of a file is wrong', async () => {
      const { context, page } = await open({ locale: 'zh-CN' });
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

    it('opens a folder, its files or rows that are dropped, and says what is wrong with others', async () => {
      const { context, page, errors } = await open();
      await dropPaths(page, '#drop', [join(built, 'demo/colbert')]);
      await page.locator('#model-state', { hasText: 'colbert · ColBERT (bert)' }).waitFor();
      const files = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
      const paths = files.map((name) => join(built, 'demo/reranker', name));
      await dropPaths(page, '#drop', paths);
      await page.locator('#model-state', { hasText: 'CrossEncoder (bert)' }).waitFor();
      // Rows are known by their name, wherever they fall.
      await dropTexts(page, 'body', {
        'mine.jsonl': '{"query":"dropped","pos":["a passage"],"neg":["another"]}',
      });
      await page.getByText('1 query, 2 passages').waitFor();
      await search(page);
      expect((await foundIn(page)).passages.toSorted()).toEqual(['a passage', 'another']);

      const fails = async (message: string) => {
        await page.locator('#failure', { hasText: message }).waitFor();
        await shot(page, `failure ${message.replace(/\W+/g, '-')}`);
      };
      await dropTexts(page, '#drop-rows', { 'mine.jsonl': '{"query":"q","pos":["p"]}\n{"query":1}' });
      await fails('mine.jsonl:2');
      await dropTexts(page, '#drop-rows', { 'a.jsonl': '{}', 'b.jsonl': '{}' });
      await fails('rows: expected one JSONL file, got a.jsonl, b.jsonl (2 files)');
      await dropTexts(page, '#drop', { 'notes.txt': 'no model' });
      await fails('config.json: expected it in the checkpoint, got notes.txt');
      await dropPaths(page, '#drop', [paths[0]!, paths[3]!]);
      await fails('tokenizer.json');
      // What was open still answers.
      await search(page);
      expect(await failureOf(page)).toBe('');
      expect(errors).toEqual([]);
      await context.close();
    });

    it('says that there is no WebGPU where there is none', async () => {
      const { context, page } = await open({
        first: "Object.defineProperty(navigator, 'gpu', { value: undefined })",
      });
      await page.getByText('This browser offers no WebGPU').waitFor();
      expect(await page.getByRole('radio', { name: 'WebGPU' }).isDisabled()).toBe(true);
      await context.close();
    });

    it('is led through by the keyboard alone, each control in its place and marked', async () => {
      const { context, page, errors } = await open();
      const active = () =>
        page.evaluate(() => {
          const { activeElement } = document;
          // Covered inputs are seen by their label.
          const seen = activeElement?.closest('.drop')?.querySelector('.button') ?? activeElement!;
          return { id: activeElement?.id, outline: getComputedStyle(seen).outlineStyle };
        });
      const walk = async (until: string): Promise<string[]> => {
        const ids: string[] = [];
        for (let i = 0; i < 40 && ids.at(-1) !== until; i++) {
          await page.keyboard.press('Tab');
          const { id, outline } = await active();
          expect(outline, id).not.toBe('none');
          if (id) ids.push(id);
        }
        return ids;
      };
      expect(await walk('demo-reranker')).toEqual(['language', 'folder', 'url', 'open-url', 'demo-reranker']);
      await page.keyboard.press('Enter');
      await page.locator('#model-state', { hasText: 'parameters' }).waitFor();
      expect((await active()).id).toBe('demo-reranker');
      expect(await walk('demo-rows')).toEqual([
        'demo-embedding',
        'demo-colbert',
        'wasm',
        'rows',
        'demo-rows',
      ]);
      await page.keyboard.press('Space');
      await page.getByText('40 queries').waitFor();
      expect(await walk('query')).toEqual(['query']);
      await page.keyboard.press('Enter');
      await page.locator('#results > li').first().waitFor();
      expect((await active()).id).toBe('query');
      expect(await walk('search')).toEqual(['search']);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      expect(await page.locator('#tune-state').textContent()).toContain('1 of them marked');
      await page.locator('#results button').last().focus();
      expect(await walk('epochs')).toEqual(['use-rows', 'epochs']);
      // What is there is selected; a long run, which is still going when it is stopped.
      await page.keyboard.type('50');
      expect(await page.getByLabel('Epochs').inputValue()).toBe('50');
      expect(await walk('tune')).toEqual(['rate', 'tune']);
      await page.keyboard.press('Enter');
      await expect.poll(() => updatesOf(page), { timeout: 120_000 }).toBeGreaterThan(0);
      expect(await walk('stop')).toEqual(['stop']);
      await page.keyboard.press('Enter');
      await page.locator('#model-state', { hasText: 'trained here' }).waitFor();
      expect(await walk('download')).toEqual(['download']);
      expect(errors).toEqual([]);
      await context.close();
    });
  },
);
