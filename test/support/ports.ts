/** A port of loopback that nobody has at this moment. Between asking and taking it someone else may; who cannot bear that tries again. */
import { once } from 'node:events'
import { createServer } from 'node:net'

export async function freePort(host = 'localhost'): Promise<number> {
  const probe = createServer().listen(0, host)
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
