/** A file system of a few megabytes, which a test can fill, and has to itself. Mounting wants root and is not permitted everywhere. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface SmallDisk {
  folder: string
  /** Leaves no room at all. */
  fill(): void
  makeRoom(): void
  remove(): void
}

export function mountSmallDisk(): SmallDisk | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-disk-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'signet-test', folder]).status !== 0) {
    rmSync(folder, { recursive: true })
    return undefined
  }
  const filler = path.join(folder, 'filler')
  return {
    folder,
    fill() {
      for (;;) {
        try {
          writeFileSync(filler, Buffer.alloc(4_096), { flag: 'a' })
        } catch {
          return
        }
      }
    },
    makeRoom: () => rmSync(filler),
    remove() {
      spawnSync('umount', [folder])
      rmSync(folder, { recursive: true })
    },
  }
}
