/** What a server writes, method by method, while something is done. Artifacts, sentences of revocation, and notices and letters that are owed; not counters, accounts and clients. */
import type { TestServer } from './server.ts'

export interface Writes {
  /** `<model> <method>`, in the order in which they were begun. */
  durable: string[]
  volatile: string[]
}

export type WritesOf = (act: () => Promise<unknown>) => Promise<Writes>

const methods = ['put', 'insert', 'replace', 'consume', 'remove'] as const

/** From here on the server's writes are counted. */
export function countWrites({ parts: { store } }: TestServer): WritesOf {
  let writes: Writes = { durable: [], volatile: [] }
  const { add } = store.notices
  store.notices.add = (notice) => {
    writes.durable.push('Notice add')
    return add.call(store.notices, notice)
  }
  const { add: addLetter } = store.letters
  store.letters.add = (...letter) => {
    writes.durable.push('Letter add')
    return addLetter.apply(store.letters, letter)
  }
  const { add: addSentences } = store.revocations
  store.revocations.add = (sentences) => {
    writes.durable.push(...sentences.map(({ kind }) => `Sentence ${kind}`))
    return addSentences.call(store.revocations, sentences)
  }
  for (const [name, one] of [
    ['durable', store.artifacts],
    ['volatile', store.volatile],
  ] as const) {
    for (const method of methods) {
      const original = one[method] as (...args: unknown[]) => Promise<unknown>
      const model = (args: unknown[]) => (typeof args[0] === 'string' ? args[0] : (args[0] as { model: string }).model)
      Object.assign(one, {
        [method]: (...args: unknown[]) => {
          writes[name].push(`${model(args)} ${method}`)
          return original.apply(one, args)
        },
      })
    }
  }
  return async (act) => {
    writes = { durable: [], volatile: [] }
    await act()
    return writes
  }
}
