import type { TokenUsage } from './teacher.js';

/** What tokens cost, in any currency, per million, and how much may be spent. */
export interface CostOptions {
  readonly promptPrice: number;
  readonly completionPrice: number;
  /** Of all requests together, those of earlier runs that were kept included; without it there is no limit. */
  readonly maxCost?: number;
}

/** Counts costs, and holds back what requests under way may cost yet. */
export interface CostMeter {
  readonly spent: number;
  readonly maxCost: number | undefined;
  /**
   * Sets aside what a request can cost at most; waits where that is too much only until others are settled.
   * @returns false where the limit would be passed
   */
  reserve(most: TokenUsage): Promise<boolean>;
  /** Gives back what was set aside and counts what was really used. */
  settle(most: TokenUsage, used: TokenUsage): void;
}

const none: TokenUsage = { promptTokens: 0, completionTokens: 0 };

/** A meter that begins with tokens used before: the sum never passes `maxCost`, whatever is under way at once. */
export function costMeter(
  { promptPrice, completionPrice, maxCost }: CostOptions,
  before: TokenUsage = none,
): CostMeter {
  const costOf = ({ promptTokens, completionTokens }: TokenUsage): number =>
    (promptTokens * promptPrice + completionTokens * completionPrice) / 1e6;
  let [used, reserved, underWay] = [before, none, 0];
  let waiting: (() => void)[] = [];
  return {
    get spent() {
      return costOf(used);
    },
    maxCost,
    async reserve(most) {
      if (maxCost !== undefined)
        while (costOf(plus(plus(used, reserved), most)) > maxCost) {
          // What is under way may turn out cheaper; what was used will not.
          if (underWay === 0 || costOf(plus(used, most)) > maxCost) return false;
          await new Promise<void>((resolve) => waiting.push(resolve));
        }
      reserved = plus(reserved, most);
      underWay++;
      return true;
    },
    settle(most, really) {
      reserved = plus(reserved, most, -1);
      used = plus(used, really);
      underWay--;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
  };
}

/** Sums of whole numbers, so that nothing is left over when all is settled. */
export const plus = (a: TokenUsage, b: TokenUsage, sign = 1): TokenUsage => ({
  promptTokens: a.promptTokens + sign * b.promptTokens,
  completionTokens: a.completionTokens + sign * b.completionTokens,
});
