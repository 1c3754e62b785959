/** How to mend what names something that is not there. */
import { nearest } from './nearest.ts'

/** @param known by name */
export const roleMend = (role: string, known: Record<string, unknown>): string =>
  meant(role, Object.keys(known), `Declare it in roles, for example "${role}: May …"`)

export const absentMend = (identifier: string, apis: { identifier: string }[]): string =>
  meant(
    identifier,
    apis.map((api) => api.identifier),
    'Declare it in apis',
  )

export const scopeMend = (scope: string, scopes: Record<string, unknown>): string =>
  meant(scope, Object.keys(scopes), 'Declare it in the scopes of the API')

/** @param otherwise what helps when the name is right */
function meant(name: string, known: string[], otherwise: string): string {
  const near = nearest(name, known)
  if (near !== undefined) return `${otherwise}; or write ${near}, if that was meant.`
  return known.length > 0 ? `${otherwise}; or name one of ${known.join(', ')}.` : `${otherwise}.`
}
