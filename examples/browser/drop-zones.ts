import { filesOfDrop, type PickedFiles } from './picked-files.js';

export interface DropTakers {
  model(files: PickedFiles): void;
  rows(file: Blob, name: string): void;
  failed(error: unknown): void;
}

/** Whether what was dropped is rows: one file, in their zone or with their ending. */
export function isRows({ files }: PickedFiles, inRowsZone: boolean): boolean {
  const names = [...files.keys()];
  if (files.size === 1 && /\.(jsonl|ndjson)$/i.test(names[0]!)) return true;
  if (!inRowsZone) return false;
  if (files.size === 1) return true;
  throw new Error(
    `rows: expected one JSONL file, got ${names.slice(0, 5).join(', ') || 'an empty folder'} (${files.size} files) — drop it alone`,
  );
}

/** Takes files and folders that are dropped anywhere on the page, and shows the zone they are over. */
export function takeDrops(take: DropTakers): void {
  const zones = [...document.querySelectorAll('.drop')];
  const zoneOf = ({ target }: Event) => zones.find((zone) => target instanceof Node && zone.contains(target));
  const mark = (over: Element | undefined) => {
    for (const zone of zones) zone.classList.toggle('over', zone === over);
  };
  // Texts may be dragged into fields as ever.
  const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(zoneOf(event));
  });
  document.addEventListener('dragleave', () => mark(undefined));
  document.addEventListener('drop', async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(undefined);
    const inRowsZone = zoneOf(event)?.id === 'drop-rows';
    try {
      const picked = await filesOfDrop(event.dataTransfer!);
      const [[name, file] = []] = picked.files;
      if (isRows(picked, inRowsZone)) take.rows(file!, name!);
      else take.model(picked);
    } catch (error) {
      take.failed(error);
    }
  });
}
