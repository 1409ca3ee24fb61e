const ALLOWED = 'rag-allowed-hosts';

/** Where the hub keeps large files beside its own address. */
const HUB = ['https://huggingface.co', 'https://*.huggingface.co', 'https://*.hf.co'];

const allowed = (): string[] => JSON.parse(sessionStorage.getItem(ALLOWED) ?? '[]') as string[];

/**
 * Forbids the page and its workers every address but their own and those that the user typed in this tab, before anything else runs
 * (https://www.w3.org/TR/CSP3/#directive-connect-src). A policy can only become stricter, so a new address means a new page.
 */
export function applyPolicy(): void {
  const meta = document.createElement('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = `connect-src 'self' blob: ${allowed().join(' ')}`;
  document.head.append(meta);
}

/** The origins that a model's address needs; none for the page's own. */
export function originsOf(url: string): string[] {
  const { origin } = new URL(url, location.href);
  if (origin === location.origin) return [];
  return origin === HUB[0] ? HUB : [origin];
}

/** Whether the page may ask these; else they are noted, for `location.reload()`. */
export function isAllowed(origins: readonly string[]): boolean {
  const known = allowed();
  if (origins.every((origin) => known.includes(origin))) return true;
  sessionStorage.setItem(ALLOWED, JSON.stringify([...new Set([...known, ...origins])]));
  return false;
}
