/** Tells whoever subscribed how long each commit took, in milliseconds; costs nothing while nobody does. */
import { channel } from 'node:diagnostics_channel'

export const commits = channel('signet.commit')
