import { type Precision, precisionFault } from '@rag/runtime';
import { ConfigError } from './config-error.js';

/** accelerate's spelling of a number format. */
export type MixedPrecision = 'no' | 'fp16' | 'bf16';

/** The keys that name a number format: accelerate's, and transformers' two flags. */
export interface PrecisionSettings {
  readonly mixedPrecision: MixedPrecision;
  readonly fp16: boolean;
  readonly bf16: boolean;
  /** cpu where it is left out. */
  readonly provider?: TrainingProvider;
}

/** What runs in place of the format that was asked for, and why. */
export interface OtherPrecision {
  readonly running: Precision;
  readonly reason: string;
}

/** Where a run may train. */
export type TrainingProvider = Parameters<typeof precisionFault>[0];

const formats: Readonly<Record<MixedPrecision, Precision>> = { no: 'fp32', fp16: 'fp16', bf16: 'bf16' };

/** The format that the keys ask for together. */
export function askedPrecision({ mixedPrecision, fp16, bf16 }: PrecisionSettings): Precision {
  return mixedPrecision !== 'no' ? formats[mixedPrecision] : fp16 ? 'fp16' : bf16 ? 'bf16' : 'fp32';
}

/**
 * The format that a run computes in: fp32 where its provider has no products in the one that was asked for. Command lines of the
 * originals ask for bf16 wherever they run.
 */
export function runningPrecision(settings: PrecisionSettings): Precision {
  const { provider = 'cpu' } = settings;
  const asked = askedPrecision(settings);
  return precisionFault(provider, asked) === undefined ? asked : 'fp32';
}

/** What a value of one of the keys gives in place of itself; undefined where it is obeyed. */
export function otherPrecision(
  value: unknown,
  provider: TrainingProvider = 'cpu',
): OtherPrecision | undefined {
  const reason = value === 'fp16' || value === 'bf16' ? precisionFault(provider, value) : undefined;
  return reason === undefined ? undefined : { running: 'fp32', reason };
}

/**
 * Throws ConfigError where the keys ask for two formats.
 * @param where says where a key was given
 */
export function checkPrecisionSettings(
  { mixedPrecision, fp16, bf16 }: PrecisionSettings,
  where: (key: string) => string,
): void {
  const asked = [
    ...(mixedPrecision === 'no' ? [] : [['mixed_precision', mixedPrecision] as const]),
    ...(fp16 ? [['fp16', 'fp16'] as const] : []),
    ...(bf16 ? [['bf16', 'bf16'] as const] : []),
  ];
  const [[first, format] = [], ...others] = asked;
  const [key] = others.find(([, other]) => other !== format) ?? [];
  if (key === undefined) return;
  throw new ConfigError(
    where(key),
    key,
    `expected one number format, got ${key} beside ${first === format ? first : `${first} ${format}`} — keep one`,
  );
}
