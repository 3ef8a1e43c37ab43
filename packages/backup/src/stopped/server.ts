/** The Postgres of a copy that `npm start` runs, while it is stopped. Its programs are not those of a server, so its folder is copied. */
export type StoppedServer = {
  /** The data folder. */
  folder: string
  /** Where a restore prepares one. */
  newFolder: string
  /** e.g. `linux-x64`: a data folder fits no other. */
  platform: string
  /** Starts Postgres. @returns the URL of its database */
  start(): Promise<string>
  /** Starts Postgres on the new folder. @returns the URL of its database */
  startNew(): Promise<string>
  /** Stops it; then all is in its folder. */
  stop(): Promise<void>
  /** Gives the new folder the name of the data folder. */
  adopt(): Promise<void>
}
