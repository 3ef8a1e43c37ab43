import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { compileProject } from './compile.ts'

const own = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const folder = own('node_modules/.muster-client')

const strictest = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'es2022',
}
const projects = {
  browser: { lib: ['es2022', 'dom', 'dom.iterable'], types: [], module: 'esnext', moduleResolution: 'bundler' },
  node: { lib: ['es2022'], types: ['node'], module: 'nodenext', moduleResolution: 'nodenext' },
}

test('the published client compiles in browsers and Node with the strictest options', {
  timeout: 120_000,
}, async () => {
  const client = own('node_modules/@muster/client')
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: client })
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'node_modules/@muster'), { recursive: true })
  symlinkSync(join(client, 'dist'), join(folder, 'node_modules/@muster/client'))
  cpSync(own('fixtures/muster-client'), folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const [, example = ''] =
    /<!-- A test runs this example. -->\n```ts\n([\s\S]*?)```/.exec(
      readFileSync(own('../../docs/realtime.md'), 'utf8'),
    ) ?? []
  writeFileSync(join(folder, 'example.ts'), example)
  for (const [name, options] of Object.entries(projects)) {
    const path = join(folder, `tsconfig.${name}.json`)
    // The example reads its settings from the environment of Node.
    const include = name === 'node' ? ['*.ts'] : ['front-end.ts']
    writeFileSync(path, JSON.stringify({ compilerOptions: { ...strictest, ...options }, include }))
    expect(await compileProject(path), name).toEqual({ '5.9': '', '7': '' })
  }
})
