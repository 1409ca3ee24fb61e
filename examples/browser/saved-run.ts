import type { TuningRun } from './tuning-run.js';

/** Where the browser keeps the run of this page (https://www.w3.org/TR/IndexedDB/): one, the last. */
const [DATABASE, STORE, KEY] = ['rag-browser-example', 'runs', 'last'];

/** The kept run; undefined for none. */
export const loadRun = (): Promise<TuningRun | undefined> =>
  transact('readonly', (store) => store.get(KEY) as IDBRequest<TuningRun | undefined>);

/** Keeps a run in place of the one before, whole or not at all. */
export async function saveRun(run: TuningRun): Promise<void> {
  await transact('readwrite', (store) => store.put({ ...run, savedAt: Date.now() }, KEY));
}

export async function forgetRun(): Promise<void> {
  await transact('readwrite', (store) => store.delete(KEY));
}

async function transact<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await settled(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    const request = work(transaction.objectStore(STORE));
    await done;
    return request.result;
  } finally {
    database.close();
  }
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
