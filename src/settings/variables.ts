/** Every variable of the environment that a program of ours reads: what it is for, and who reads it. The reference is made from this. */

export type Reader = 'signet' | 'the file' | 'sample API' | 'sample client'

export interface Variable {
  /** `the file`: where `config/signet.yaml` names it. */
  readBy: Reader[]
  what: string
}

export const variables: Record<string, Variable> = {
  SIGNET_CONFIG: { readBy: ['signet'], what: 'the file of the settings' },
  SIGNET_DATA: { readBy: ['signet'], what: 'the folder of the database' },
  SIGNET_KEYS: { readBy: ['signet'], what: 'the folder of the keys' },
  SIGNET_SECRET: { readBy: ['signet'], what: 'the master secret or several, when they are not a file there' },
  SIGNET_HOST: { readBy: ['the file'], what: 'the address to listen on' },
  SIGNET_PORT: { readBy: ['the file'], what: 'the port to listen on' },
  SIGNET_WORKERS: { readBy: ['the file'], what: 'how many processes serve' },
  SIGNET_API_PORT: { readBy: ['signet', 'the file', 'sample API'], what: 'the port of the sample API' },
  SIGNET_CLIENT_PORT: { readBy: ['signet', 'sample client'], what: 'the port of the sample client' },
  SIGNET_ISSUER: { readBy: ['sample API', 'sample client'], what: 'whose tokens are taken, and where people sign in' },
  SIGNET_API_HOST: { readBy: ['sample API'], what: 'the address to listen on; in a container 0.0.0.0' },
  SIGNET_CLIENT_HOST: { readBy: ['sample client'], what: 'the address to listen on; in a container 0.0.0.0' },
  SIGNET_API: { readBy: ['sample client'], what: 'the identifier of the API, which is where it is' },
  SAMPLE_CLIENT_ID: { readBy: ['sample client'], what: 'its id here' },
  SAMPLE_CLIENT_SECRET: { readBy: ['sample client'], what: 'its secret here' },
  SAMPLE_CLIENT_SECRET_FILE: { readBy: ['sample client'], what: 'a file with it, instead' },
  SAMPLE_CLIENT_COOKIE_KEY: { readBy: ['sample client'], what: 'seals its cookies; without it a restart signs everybody out' },
}
