import { expect, test } from 'vitest';
import { Crash, crashingDisk } from './crashing-disk.js';

const bytes = (text: string) => new TextEncoder().encode(text);

test('what was committed survives, what was not may', async () => {
  for (const luck of [0, 0.4, 0.99]) {
    const disk = crashingDisk(() => luck);
    const file = disk.open(5);
    await file.begin();
    await file.append(bytes('safe'));
    // begin 2 steps, append 1, commit 2: the next append is the sixth.
    await file.commit('{}');
    await expect(file.append(bytes('lost'))).rejects.toThrow(Crash);
    await expect(file.close()).rejects.toThrow(Crash);
    const next = disk.open();
    expect(next.note).toBe('{}');
    await next.goOn(4);
    await next.append(bytes('!'));
    await next.finish(bytes('S'));
    expect(new TextDecoder().decode(disk.finished)).toBe('Safe!');
    expect(disk.open().note).toBeUndefined();
  }
});
