import { type RawBuilder, sql } from 'kysely'

/** Whose rows they are, by how their ids begin; not `like`, to which a letter is the same in either case. Nothing begins all ids. */
export const idBegins = (prefix: string): RawBuilder<boolean> => sql<boolean>`substr(id, 1, ${prefix.length}) = ${prefix}`
