import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright';

/** Screenshots go to the folder that RAG_SCREENSHOTS names, to be looked at. */
export async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env.RAG_SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** What the page's demo buttons are called, by the task of the model that they open. */
export const demos = {
  reranker: 'Demo reranker',
  embedding: 'Demo embedding model',
  colbert: 'Demo ColBERT',
} as const;
export type Task = keyof typeof demos;

export async function openDemo(page: Page, task: Task): Promise<void> {
  await page.getByRole('button', { name: 'Demo passages' }).click();
  await page.getByText('40 queries').waitFor();
  await page.getByRole('button', { name: demos[task] }).click();
  await page.locator('#model-state', { hasText: 'parameters' }).waitFor();
}

export async function search(page: Page, query?: string): Promise<void> {
  if (query !== undefined) await page.getByLabel('Query').fill(query);
  await page.getByRole('button', { name: 'Search' }).click();
  await page.locator('#results > li').first().waitFor();
}

/** The passages found and their scores as they are shown. */
export async function foundIn(page: Page): Promise<{ passages: string[]; scores: number[] }> {
  const scores = await page.locator('#results .place span').allTextContents();
  return {
    passages: await page.locator('#results .passage').allTextContents(),
    scores: scores.map(Number),
  };
}

/** What is said to be wrong; '' for nothing. */
export const failureOf = (page: Page): Promise<string | null> => page.locator('#failure').textContent();

/** Updates of the run that is shown. */
export const updatesOf = async (page: Page): Promise<number> =>
  Number(/Update (\d+)/.exec((await page.locator('#tune-progress').textContent()) ?? '')?.[1] ?? 0);

export async function stopTuning(page: Page): Promise<void> {
  const stop = page.getByRole('button', { name: 'Stop', exact: true });
  await stop.click();
  await stop.waitFor({ state: 'hidden' });
  await page.locator('#model-state', { hasText: 'trained here' }).waitFor();
}

/** Drags files or folders of this machine onto an element, as a file manager does. */
export async function dropPaths(page: Page, selector: string, files: readonly string[]): Promise<void> {
  const { x, y, width, height } = (await page.locator(selector).boundingBox())!;
  const session: CDPSession = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: x + width / 2, y: y + height / 2, data });
  await session.detach();
}

/** Dispatches a drop of files that are only in memory: names and texts. */
export function dropTexts(
  page: Page,
  selector: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const drop = (element: Element, given: Readonly<Record<string, string>>): void => {
    const dataTransfer = new DataTransfer();
    for (const [name, text] of Object.entries(given)) dataTransfer.items.add(new File([text], name));
    for (const type of ['dragover', 'drop'])
      element.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  };
  return page.locator(selector).evaluate(drop, files);
}
