import { z } from 'zod'

/** A whole number. What the environment fills in comes as text. */
export const whole = (least: number, most: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : value),
    wholeNumber(least, most, `has to be a whole number from ${least} to ${most}`),
  )

const wholeNumber = (least: number, most: number, error: string) =>
  z.number({ error }).int({ error }).min(least, { error }).max(most, { error })

export const seconds = whole
