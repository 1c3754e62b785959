import { openKeyFolder } from '../../src/crypto/key-files.ts'

export default function readKey(folder: string, name: string): string | undefined {
  return openKeyFolder(folder).read(name)
}
