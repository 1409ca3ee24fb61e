import type { StepEvent } from './trainer.js';

/** Seconds as `8s`, `1m20s`, `2h05m`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (!Number.isFinite(whole) || whole < 0) return '?';
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

/** A count as `950`, `12.3k`, `4.5M`. */
export function formatCount(count: number): string {
  if (count < 999.5) return String(Math.round(count));
  return count < 999_950 ? `${(count / 1e3).toFixed(1)}k` : `${(count / 1e6).toFixed(1)}M`;
}

/** Mean loss since the epoch began, rate, gradient norm, tokens per second and time left. */
export function formatStep({
  meanLoss,
  learningRate,
  gradientNorm,
  tokensPerSecond,
  secondsLeft,
}: StepEvent): string {
  return [
    `loss ${meanLoss.toFixed(4)}`,
    `lr ${learningRate.toExponential(2)}`,
    `norm ${gradientNorm.toPrecision(3)}`,
    `${formatCount(tokensPerSecond)} tokens/s`,
    `${formatDuration(secondsLeft)} left`,
  ].join(' · ');
}

/** A whole line about an update: `epoch 1/2 · 30/120 · loss …`. */
export function formatStepLine(event: StepEvent): string {
  const { epoch, epochs, update, totalUpdates } = event;
  return `epoch ${epoch + 1}/${epochs} · ${update}/${totalUpdates} · ${formatStep(event)}`;
}

/** What an update that fp16 left out did: `update 3/120: gradients beyond fp16: skipped, loss scale 32768`. */
export const formatSkipped = ({ update, totalUpdates, lossScale }: StepEvent): string =>
  `update ${update}/${totalUpdates}: gradients beyond fp16: skipped, loss scale ${lossScale}`;
