import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseAdvisories } from './advisories.ts'
import { refusedLicences } from './licences.ts'
import { productionPackages } from './production-packages.ts'

const root = resolve(import.meta.dirname, '../../..')

test('production packages are those of dependencies, however deep, and no development ones', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-dependencies-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const write = (path: string, manifest: object) => {
    mkdirSync(join(folder, path), { recursive: true })
    writeFileSync(join(folder, path, 'package.json'), JSON.stringify(manifest))
  }
  write('.', { name: 'app', dependencies: { a: '1' }, devDependencies: { tool: '1' } })
  write('node_modules/a', {
    name: 'a',
    version: '1.0.0',
    license: 'MIT',
    dependencies: { b: '1' },
    optionalDependencies: { other: '1' },
  })
  write('node_modules/a/node_modules/b', { name: 'b', version: '2.0.0', licenses: [{ type: 'GPL-3.0' }] })
  write('node_modules/tool', { name: 'tool', version: '1.0.0', license: 'UNLICENSED' })
  const found = productionPackages(folder)
  expect(found.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(refusedLicences(found)).toEqual(['b@2.0.0: GPL-3.0'])
})

test('the licences of all packages that run in production are allowed', () => {
  for (const app of ['api', 'email-worker', 'image-worker']) {
    const packages = productionPackages(join(root, 'apps', app))
    expect(packages.length).toBeGreaterThan(20)
    expect(refusedLicences(packages)).toEqual([])
  }
})

test('advisories are read, and another answer of the registry is not taken for none', () => {
  const advisory = { module_name: 'left-pad', severity: 'high', title: 'Pads', url: 'https://example.com' }
  expect(parseAdvisories(JSON.stringify({ advisories: { 1: advisory } }))).toEqual({
    found: [{ module: 'left-pad', severity: 'high', title: 'Pads', url: 'https://example.com' }],
  })
  expect(parseAdvisories('{"advisories":{}}')).toEqual({ found: [] })
  expect(parseAdvisories('Error: ERR_PNPM_AUDIT_BAD_RESPONSE')).toBeUndefined()
})
