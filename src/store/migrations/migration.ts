/** A step from one version of a database to the next. What was once released never changes; a correction is a further step. */
import type { CompiledQuery, SchemaModule } from 'kysely'

export type Migration = (schema: SchemaModule) => CompiledQuery[]
