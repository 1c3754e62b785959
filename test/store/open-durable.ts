import { openDurable } from '../../src/store/sqlite.ts'

export default function open(file: string): void {
  openDurable({ file, now: () => 0 }).close()
}
