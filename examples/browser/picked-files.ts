/** Files of a picked or dropped directory by their path in it: what all have in common at the start is its name. */
export function filesOfInput(list: Iterable<File>): { name: string; files: Map<string, Blob> } {
  const files = new Map<string, Blob>();
  let name = '';
  for (const file of list) {
    const [folder, ...rest] = file.webkitRelativePath.split('/');
    if (rest.length > 0) name = folder!;
    files.set(rest.length > 0 ? rest.join('/') : file.name, file);
  }
  return { name: name || [...files.keys()].join(', '), files };
}

/** The same of what was dropped, folders followed. */
export async function filesOfDrop(data: DataTransfer): Promise<{ name: string; files: Map<string, Blob> }> {
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const files = new Map<string, Blob>();
  const single = entries.length === 1 && entries[0]!.isDirectory;
  for (const entry of entries) await collect(entry, single ? '' : entry.name, files);
  return { name: entries[0]?.name ?? '', files };
}

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
