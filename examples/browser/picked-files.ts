export interface PickedFiles {
  readonly name: string;
  readonly files: Map<string, Blob>;
}

/** Files of a picked or dropped directory by their path in it: what all have in common at the start is its name. */
export function filesOfInput(list: ArrayLike<File> & Iterable<File>): PickedFiles {
  const files = new Map<string, Blob>();
  let name = '';
  for (const file of list) {
    const [folder, ...rest] = file.webkitRelativePath.split('/');
    if (rest.length > 0) name = folder!;
    files.set(rest.length > 0 ? rest.join('/') : file.name, file);
  }
  return { name: name || nameOf(list), files };
}

/** The same of what was dropped, folders followed; files that are on no disk come as they are. */
export async function filesOfDrop(data: DataTransfer): Promise<PickedFiles> {
  // What was dropped is there no more after the first `await`.
  const items = [...data.items].filter(({ kind }) => kind === 'file');
  const entries = items.flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return filesOfInput(items.flatMap((item) => item.getAsFile() ?? []));
  const files = new Map<string, Blob>();
  const single = entries.length === 1 && entries[0]!.isDirectory;
  for (const entry of entries) await collect(entry, single ? '' : entry.name, files);
  return { name: nameOf(entries), files };
}

/** Files without a folder have no name together. */
const nameOf = (list: ArrayLike<{ readonly name: string }>): string =>
  list.length === 1 ? list[0]!.name : 'checkpoint';

async function collect(entry: FileSystemEntry, path: string, files: Map<string, Blob>): Promise<void> {
  if (entry.isFile) {
    const file = new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    files.set(path || entry.name, await file);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // It gives at most a hundred at a time, and none at the end.
  for (;;) {
    const found = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (found.length === 0) return;
    for (const child of found) await collect(child, path ? `${path}/${child.name}` : child.name, files);
  }
}
