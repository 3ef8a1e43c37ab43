import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { sources } from './entries.ts'

const run = promisify(execFile)
const launcher = resolve(import.meta.dirname, '..')

/** Makes a checkout whose programs print one word, with the launcher of this one. */
function smallCheckout(): { write(path: string, text: string): void; bundle(): Promise<Bundled> } {
  const root = mkdtempSync(join(tmpdir(), 'muster-checkout-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  cpSync(join(launcher, 'src'), join(root, 'packages/launcher/src'), { recursive: true })
  const packages = join(root, 'packages/launcher/node_modules')
  mkdirSync(packages)
  for (const name of readdirSync(join(launcher, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(launcher, 'node_modules', name), join(packages, name))
  for (const path of Object.values(sources)) write(path, `console.log('first')\n`)
  for (const path of ['db/src/index.ts', 'db/migrations/0001.ts', 'docs/use.md', 'docker/.env.example']) write(path, '')
  write('apps/api/src/copy-guides.ts', '')
  const script = `
    const { currentBundle } = await import(${JSON.stringify(join(root, 'packages/launcher/src/current-bundle.ts'))})
    let isBuilt = false
    const { api } = await currentBundle({ onBuild: () => { isBuilt = true } })
    console.log(JSON.stringify({ api, isBuilt }))`
  return {
    write,
    bundle: async () =>
      JSON.parse((await run(process.execPath, ['--input-type=module', '-e', script])).stdout) as Bundled,
  }
}

type Bundled = { api: string; isBuilt: boolean }
const printed = async (file: string) => (await run(process.execPath, [file])).stdout.trim()

test('the bundle is built once for the present sources, also when several ask, and stays for copies that run', async () => {
  const { write, bundle } = smallCheckout()
  const [one, other] = await Promise.all([bundle(), bundle()])
  expect(other.api).toBe(one.api)
  expect(await bundle()).toEqual({ api: one.api, isBuilt: false })
  expect(await printed(one.api)).toBe('first')

  write('apps/api/src/main.ts', `console.log('second')\n`)
  const changed = await bundle()
  expect(changed).toMatchObject({ isBuilt: true })
  expect(await printed(changed.api)).toBe('second')
  expect(await printed(one.api)).toBe('first')
})

test('an error of syntax is told with its place', async () => {
  const { write, bundle } = smallCheckout()
  write('apps/api/src/main.ts', 'const broken = {;\n')
  await expect(bundle()).rejects.toThrow(/apps\/api\/src\/main\.ts:1:16/)
})
