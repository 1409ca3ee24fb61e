import type { HubProgress } from '@rag/models/node';

/**
 * Says how far a download from the hub is: a line as it begins, then one per tenth of its bytes.
 * @param say takes a line
 */
export function fetchLines(say: (text: string) => void): (progress: HubProgress) => void {
  // One download follows another: each has bytes of its own.
  let said = -1;
  let before = 0;
  return ({ path, allLoaded, allSize }) => {
    if (allLoaded < before) said = -1;
    before = allLoaded;
    const tenth = allSize === 0 ? 10 : Math.floor((10 * allLoaded) / allSize);
    if (tenth <= said) return;
    say(
      said < 0
        ? `fetching ${formatBytes(allSize)} from the hub, ${path} first`
        : `fetched ${formatBytes(allLoaded)} of ${formatBytes(allSize)}`,
    );
    said = tenth;
  };
}

/** `1.1 GB`; decimal units, as the hub shows them. */
function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
