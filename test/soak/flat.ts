/** Whether something stays as it is, by the line that fits its samples best. */

/**
 * @param samples taken at even intervals
 * @returns by how much the line rises from its beginning to its end, as a share of the mean: 0.1 is a tenth more; less than nothing when it falls
 */
export function riseOf(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2
  const mean = samples.reduce((sum, one) => sum + one, 0) / samples.length
  const covariance = samples.reduce((sum, one, at) => sum + (at - middle) * (one - mean), 0)
  const variance = samples.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
  return mean === 0 ? 0 : ((covariance / variance) * (samples.length - 1)) / mean
}
