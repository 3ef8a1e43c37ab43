import { join } from 'node:path'
import { readJson, writePrivateJson } from '../secrets.ts'

/** The content of MUSTER_HOME/demo.json: who can sign in to the demo. The file is there once the copy is filled. */
export type DemoFile = {
  /** The same for all of them. */
  password: string
  people: { name: string; email: string }[]
}

const pathIn = (home: string) => join(home, 'demo.json')

/** Reads who can sign in to the demo; undefined in a copy without one. @throws StartError for a damaged file */
export const readDemoFile = (home: string): DemoFile | undefined => readJson<DemoFile>(pathIn(home))

export const writeDemoFile = (home: string, file: DemoFile): void => writePrivateJson(pathIn(home), file)
