/** Stands where a hash would for somebody who has no password: nothing matches it, at the cost of a hash. A letter gives them one. */
export const noPassword = '!'
