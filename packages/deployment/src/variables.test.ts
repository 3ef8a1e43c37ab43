import { expect, test } from 'vitest'
import { composeNames, ownSettings, processes, readNames, sharedSettings } from './variables.ts'

/** Variables that a way to run Muster leaves out, each with the reason. */
const refusedInProduction = {
  ALLOW_LOOPBACK_ORIGINS: 'production refuses it',
  DEMO: 'production refuses it',
  RATE_LIMIT_SCALE: 'production refuses it',
  WEB_DEV_SERVER: 'production refuses it',
}
const inTheImage = { NODE_ENV: 'the image sets it' }
const ports = { PORT: 'a container has its ports to itself', OPS_PORT: 'a container has its ports to itself' }
const leftOutOfManifests: Record<string, string> = { ...refusedInProduction, ...inTheImage, ...ports }
const leftOutOfCompose: Record<string, string> = { ...refusedInProduction, ...ports }

/** The settings of workers have the worker's name in front where all settings are in one list. */
const concurrency = /^(?:EMAIL|AUDIT|REMINDER|IMAGE)_WORKER_CONCURRENCY$/

test.each(processes)('the manifests pass every variable of the %s, or it is left out for a reason', async (name) => {
  const passed = new Set([...sharedSettings(), ...ownSettings(name).map((own) => own.name)])
  const read = await readNames(name)
  expect(read.length).toBeGreaterThan(25)
  expect(read.filter((variable) => !passed.has(variable) && !(variable in leftOutOfManifests))).toEqual([])
})

test.each(processes)('compose.yaml passes every variable of the %s, or it is left out for a reason', async (name) => {
  const passed = new Set(composeNames(name))
  const missing = (await readNames(name)).filter((variable) => !passed.has(variable))
  expect(missing.filter((variable) => !(variable in leftOutOfCompose))).toEqual([])
})

test.each(processes)('the %s is given no variable that it does not know', async (name) => {
  const read = await readNames(name)
  expect(ownSettings(name).filter((own) => !read.includes(own.name))).toEqual([])
  expect(composeNames(name).filter((variable) => !read.includes(variable))).toEqual([])
})

test('every shared setting is a variable of some process, and nothing that is left out is unknown', async () => {
  const known = new Set((await Promise.all(processes.map(readNames))).flat())
  expect(sharedSettings().filter((variable) => !known.has(variable) && !concurrency.test(variable))).toEqual([])
  expect(
    Object.keys({ ...leftOutOfManifests, ...leftOutOfCompose }).filter((variable) => !known.has(variable)),
  ).toEqual([])
  const used = processes.flatMap((name) => ownSettings(name).map(({ from }) => from))
  expect(sharedSettings().filter((variable) => concurrency.test(variable) && !used.includes(variable))).toEqual([])
})
