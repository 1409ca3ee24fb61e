import type { LayerWeights } from '@rag/models';
import { ConfigError } from '../config/config-error.js';
import type { MixTaskName } from '../mix/mix-task.js';
import type { HubFlags } from './hub-flags.js';

/** The flags of `rag mix`. */
export interface MixFlags extends HubFlags {
  readonly models: readonly string[];
  readonly output?: string;
  readonly overwrite?: boolean;
  readonly task?: MixTaskName;
  readonly threads?: number;
  readonly batch_size?: number;
  readonly weights?: readonly string[];
  readonly normalize?: boolean;
  readonly layers?: readonly string[];
  readonly examples?: readonly string[];
  readonly temperature?: number;
  readonly sweep?: boolean;
  readonly domain?: readonly string[];
  readonly guard?: readonly string[];
  readonly alphas?: readonly string[];
  readonly metric?: string;
  readonly guard_loss?: number;
  readonly plot?: string;
}

/** What the weights come from. */
export type MixWay = 'weights' | 'examples' | 'sweep';

const only: { readonly [Way in MixWay]: readonly (keyof MixFlags)[] } = {
  weights: ['normalize'],
  examples: ['temperature'],
  sweep: ['domain', 'guard', 'alphas', 'metric', 'guard_loss', 'plot'],
};

/** Which of the three ways was asked for; flags of another are errors. @throws ConfigError */
export function mixWay(flags: MixFlags): MixWay {
  const ways = (Object.keys(only) as MixWay[]).filter((way) => flags[way] !== undefined);
  const [way] = ways;
  if (way === undefined || ways.length > 1)
    throw new ConfigError(
      'rag mix',
      undefined,
      `expected one of --weights, --examples and --sweep, got ${ways.map((name) => `--${name}`).join(' and ') || 'none'}`,
    );
  const refuse = (flag: keyof MixFlags, remedy: string) => {
    if (flags[flag] !== undefined)
      throw new ConfigError(`--${flag}`, undefined, `expected none with --${way}, got one — ${remedy}`);
  };
  for (const [other, own] of Object.entries(only))
    if (other !== way) for (const flag of own) refuse(flag, `it belongs to --${other}`);
  if (way === 'sweep') refuse('layers', 'a sweep mixes all layers alike');
  if (way !== 'sweep' && flags.output === undefined)
    throw new ConfigError('--output', undefined, 'expected a directory, got none — say where the mix goes');
  return way;
}

/** What mixing refuses about weights and layers, under the flag that they came by; any other error as it is. */
export function underMixFlag(cause: unknown): unknown {
  const found = cause instanceof RangeError ? /^(weights|layers)(?:: | )(.*)$/s.exec(cause.message) : null;
  if (!found) return cause;
  const problem = found[2]!.replace(/pass normalize$/, 'pass --normalize');
  return new ConfigError(`--${found[1]}`, undefined, problem, { cause });
}

/** Numbers of a flag, apart or by commas. @throws ConfigError */
export function numbersOf(flag: string, texts: readonly string[]): number[] {
  const parts = texts.flatMap((text) => text.split(',')).map((part) => part.trim());
  const odd = parts.find((part) => part === '' || !Number.isFinite(Number(part)));
  if (odd === undefined) return parts.map(Number);
  throw new ConfigError(flag, undefined, `expected numbers, got ${JSON.stringify(odd)}`);
}

/** `pattern=0.8,0.2` of `--layers`. @throws ConfigError */
export function layersOf(texts: readonly string[] = []): LayerWeights[] {
  return texts.map((text) => {
    const cut = text.lastIndexOf('=');
    if (cut < 1)
      throw new ConfigError(
        '--layers',
        undefined,
        `expected pattern=weight,weight, got ${JSON.stringify(text)}`,
      );
    try {
      return {
        match: new RegExp(text.slice(0, cut), 'u'),
        weights: numbersOf('--layers', [text.slice(cut + 1)]),
      };
    } catch (cause) {
      if (cause instanceof ConfigError) throw cause;
      throw new ConfigError(
        '--layers',
        undefined,
        `expected a regular expression before "=", got ${JSON.stringify(text.slice(0, cut))} (${(cause as Error).message})`,
        { cause },
      );
    }
  });
}

/** Weights of the tuned model, rising, from 0, the base. @throws ConfigError */
export function alphasOf(texts: readonly string[]): number[] {
  const alphas = [...new Set(numbersOf('--alphas', texts))].sort((a, b) => a - b);
  if (alphas[0] === 0 && alphas.length > 1) return alphas;
  throw new ConfigError(
    '--alphas',
    undefined,
    `expected 0, the base, and numbers above it, got ${alphas.join(', ')}`,
  );
}
