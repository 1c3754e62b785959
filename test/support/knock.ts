/** Waits for a server in a process of its own. */
import type { ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Knocks lightly, so that the waiting does not take a core from whoever is starting. Resolves when the port is open. @throws Error when the process ends before */
export async function untilOpen(child: ChildProcess, port: number): Promise<void> {
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended before it listened (${child.exitCode ?? child.signalCode})`)
    await wait(5)
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
