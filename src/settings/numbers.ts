import { z } from 'zod'

/** A whole number. What the environment fills in comes as text. */
export const whole = (least: number, most: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : value),
    z.number().int().min(least).max(most),
  )

export const seconds = whole
