import { apps } from '@muster/launcher/apps'
import { StartError } from '@muster/supervisor'

/** How many processes of each app run, by its name; one of each that is not named. */
export type Scale = ReadonlyMap<string, number>

const maxOfOne = 10
/** Each process opens up to 13 connections, and the embedded Postgres takes 300. */
const maxOfAll = 20
const names = apps.map(({ name }) => name)
const example = 'write it like --scale api=2,email-worker=3'

/**
 * Parses the values of `--scale`: `api=2,email-worker=3`, or one name per flag. `email` is short for `email-worker`.
 * @throws StartError for an unknown or repeated name, or a number that is too small or too large
 */
export function parseScale(values: readonly string[]): Scale {
  const scale = new Map<string, number>()
  for (const entry of values.flatMap((value) => value.split(',')).map((text) => text.trim())) {
    const { name, count } = parseEntry(entry)
    if (scale.has(name)) throw new StartError(`--scale names ${name} twice; ${example}.`)
    scale.set(name, count)
  }
  const total = apps.reduce((sum, { name }) => sum + (scale.get(name) ?? 1), 0)
  if (total > maxOfAll)
    throw new StartError(`--scale asks for ${total} processes; at most ${maxOfAll} run on one machine.`)
  return scale
}

function parseEntry(entry: string): { name: string; count: number } {
  const [, given, number] = /^([^=]*)=([^=]*)$/.exec(entry)?.map((text) => text.trim()) ?? []
  if (given === undefined || number === undefined)
    throw new StartError(`--scale has ${JSON.stringify(entry)}, which is no name=number; ${example}.`)
  const name = names.find((known) => known === given || known === `${given}-worker`)
  if (!name) throw new StartError(`--scale names ${JSON.stringify(given)}; the processes are ${names.join(', ')}.`)
  const count = /^\d{1,6}$/.test(number) ? Number(number) : 0
  if (count < 1 || count > maxOfOne)
    throw new StartError(`--scale ${name} is ${JSON.stringify(number)}; it needs a number from 1 to ${maxOfOne}.`)
  return { name, count }
}
