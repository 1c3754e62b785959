/** How long the long ones are: `SIGNET_SOAK=0.1` makes a tenth of each. */
const scale = Number(process.env.SIGNET_SOAK ?? 1)

/** @returns at least one */
export const scaled = (whole: number): number => Math.max(1, Math.round(whole * scale))

/** The same again: `SIGNET_SEED`, else another each time. */
export const seed = Number(process.env.SIGNET_SEED ?? Math.floor(Math.random() * 1_000_000))
