/** Notes in memory, so many for so many owners; the oldest make room. A real API has a database here. */
import { randomUUID } from 'node:crypto'

export interface Note {
  id: string
  text: string
}

const maxOwners = 10_000
const maxNotes = 100

const notes = new Map<string, Note[]>()

export function list(owner: string): Note[] {
  return notes.get(owner) ?? []
}

export function add(owner: string, text: string): Note {
  const note = { id: randomUUID(), text }
  if (!notes.has(owner) && notes.size >= maxOwners) notes.delete(notes.keys().next().value as string)
  notes.set(owner, [...list(owner), note].slice(-maxNotes))
  return note
}

/** @returns whether there was such a note */
export function remove(owner: string, id: string): boolean {
  const kept = list(owner).filter((note) => note.id !== id)
  if (kept.length === list(owner).length) return false
  notes.set(owner, kept)
  return true
}
