/** A statement that Kysely builds once and that is filled in for each call; building it each time costs as much as running it. */
import type { Compilable, CompiledQuery } from 'kysely'

/** Stands for a value while the statement is built. */
class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** The place of a call's own value in the statement. */
export type Slot<Values> = <Name extends keyof Values & string>(name: Name) => Values[Name]

/** @param build makes the statement, with `slot(name)` wherever a call's own value belongs */
export function template<Values extends object, Row>(
  build: (slot: Slot<Values>) => Compilable<Row>,
): (values: Values) => Compilable<Row> {
  let built: CompiledQuery<Row> | undefined
  return (values) => {
    // A slot is a value of its place as far as Kysely is concerned: it goes into the parameters untouched.
    built ??= build((name) => new Placeholder(name) as never).compile()
    const { parameters, ...rest } = built
    const filled = parameters.map((value) => (value instanceof Placeholder ? values[value.name as keyof Values] : value))
    return { compile: () => ({ ...rest, parameters: filled }) }
  }
}
