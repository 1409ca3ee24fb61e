import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { StepEvent } from '../trainer.js';
import { type Output, progress } from './progress.js';

const event = (update: number): StepEvent => ({
  update,
  totalUpdates: 5,
  epoch: 0,
  epochs: 1,
  loss: 0.5,
  meanLoss: 0.25,
  learningRate: 1e-4,
  gradientNorm: 2,
  tokens: 100,
  tokensPerSecond: 2000,
  secondsLeft: 5 - update,
});

function output(isTTY: boolean): { stream: Output; text: () => string } {
  const stream = new PassThrough();
  const chunks: string[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return { stream: Object.assign(stream, { isTTY, columns: 200 }), text: () => chunks.join('') };
}

test('in a pipe: plain lines, one per interval and one at the end', () => {
  const { stream, text } = output(false);
  const shown = progress(stream, 2);
  shown.say('hello');
  for (let update = 1; update <= 5; update++) shown.step(event(update));
  shown.end();
  const lines = text().trimEnd().split('\n');
  expect(lines[0]).toBe('hello');
  expect(lines.slice(1).map((line) => line.split(' · ')[1])).toEqual(['2/5', '4/5', '5/5']);
  expect(lines[1]).toContain('loss 0.2500');
  expect(text()).not.toContain('\u001b');
});

test('on a terminal: a bar that steps aside for what is said', () => {
  const { stream, text } = output(true);
  const shown = progress(stream, 2);
  shown.step(event(1));
  expect(text()).toContain('1/5 · loss 0.2500 · lr 1.00e-4 · norm 2.00 · 2.0k tokens/s · 4s left');
  shown.say('saved');
  expect(text()).toContain('\nsaved\n');
  shown.step(event(5));
  expect(text()).toContain('5/5');
  shown.end();
  expect(text().endsWith('\n')).toBe(true);
});
