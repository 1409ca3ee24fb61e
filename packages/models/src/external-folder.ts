/** Files of external data as ONNX Runtime takes them: a folder, and where in it they lie. */
export interface ExternalFolder {
  /** Without a separator at its end, unless it is a root. */
  readonly folder: string;
  /** Of a path that lies in it, with `/`. */
  location(path: string): string;
}

/** What paths of one file system start with: a Windows drive or share; '' elsewhere. */
export const driveOf = (path: string): string =>
  /^([A-Za-z]:|[\\/]{2}[^\\/]+[\\/][^\\/]+)/.exec(path)?.[0].toLowerCase() ?? '';

/** The innermost folder that files lie in, by their real paths; undefined for those of several drives. */
export function externalFolder([first, ...others]: readonly string[]): ExternalFolder | undefined {
  if (first === undefined || others.some((path) => driveOf(path) !== driveOf(first))) return undefined;
  const outer = (path: string) => path.slice(0, path.search(/[\\/][^\\/]*[\\/]?$/) + 1);
  let within = outer(first);
  while (!others.every((path) => path.startsWith(within))) {
    const next = outer(within);
    if (next === within) return undefined;
    within = next;
  }
  const onWindows = driveOf(first) !== '';
  return {
    folder: /^([A-Za-z]:)?[\\/]$/.test(within) ? within : within.slice(0, -1),
    location(path) {
      const rest = path.slice(within.length);
      return onWindows ? rest.replaceAll('\\', '/') : rest;
    },
  };
}
