// Files that are made once and kept in build/clips. Test files run side by side and want the same ones, so each appears whole:
// it is made under a name of its own and renamed.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../http/support/service.mjs';

const folder = join(root, 'build', 'clips');

// The path of `name`; `make` is given where to write it when it is missing. The ending stays, which tells ffmpeg the format.
export function kept(name, make) {
  const file = join(folder, name);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const part = join(folder, `${randomUUID()}.${name}`);
    make(part);
    renameSync(part, file);
  }
  return file;
}

export const isKept = (name) => existsSync(join(folder, name));
