import type { Answer, CallName, Calls, TuneProgress } from './protocol.js';

export interface HostEvents {
  tuning(progress: TuneProgress): void;
  /** `share` of the bytes, undefined where it is not known. */
  loading(file: string, share: number | undefined): void;
}

export type Host = {
  [Name in CallName]: (...args: Parameters<Calls[Name]>) => Promise<ReturnType<Calls[Name]>>;
};

/**
 * The worker as an object whose methods are its calls. It is started by a script of the page's own (a blob), so that the page's
 * content security policy holds in it too: of workers from an address only that address's own headers would.
 */
export function startHost(address: string, events: HostEvents): Host {
  const script = new Blob([`import ${JSON.stringify(new URL(address, location.href).href)};`], {
    type: 'text/javascript',
  });
  const worker = new Worker(URL.createObjectURL(script), { type: 'module' });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
    if ('event' in data) {
      if (data.event === 'tuning') events.tuning(data.progress);
      else events.loading(data.file, data.share);
      return;
    }
    const { resolve, reject } = waiting.get(data.id)!;
    waiting.delete(data.id);
    if ('error' in data) reject(new Error(data.error));
    else resolve(data.result);
  });
  worker.addEventListener('error', ({ message }) => {
    for (const { reject } of waiting.values())
      reject(new Error(`worker: expected it to run, got ${message || 'no script'} — reload the page`));
    waiting.clear();
  });
  const call = (name: CallName, args: readonly unknown[]) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, call: name, args });
    });
  return new Proxy({} as Host, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        call(name as CallName, args),
  });
}
