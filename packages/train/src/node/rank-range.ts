import { ConfigError } from '../config/config-error.js';
import type { RankRange } from '../mine/search-rows.js';

/** Reads ranks as the originals write them: `10-210` leaves out the ten best and takes the two hundred behind them. */
export function rankRange(flag: string): (text: string) => RankRange {
  return (text) => {
    const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(text.trim()) ?? [];
    if (from !== undefined && Number(from) < Number(to)) return { from: Number(from), to: Number(to) };
    throw new ConfigError(
      flag,
      undefined,
      `expected two ranks such as 10-210, the first below the second, got ${JSON.stringify(text)}`,
    );
  };
}
