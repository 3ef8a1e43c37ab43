import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { publishRelease, readRelease } from './releases.ts'

let around: string
let folder: string

beforeEach(() => {
  around = mkdtempSync(join(tmpdir(), 'muster-releases-'))
  folder = join(around, 'dist')
  mkdirSync(folder)
})
afterEach(() => rmSync(around, { recursive: true, force: true }))

/** Publishes a release whose page loads these files. */
function publish(stamp: string, ...files: string[]): void {
  const built = mkdtempSync(join(folder, '.build-'))
  mkdirSync(join(built, 'assets'))
  for (const name of files) for (const end of ['', '.br']) writeFileSync(join(built, 'assets', name + end), stamp)
  writeFileSync(join(built, 'index.html'), files.join(' '))
  writeFileSync(join(built, `only-in-${stamp}.txt`), stamp)
  publishRelease(built, folder, stamp)
}

const assets = () => readdirSync(join(folder, 'assets')).filter((name) => !name.endsWith('.br'))

test('a release has its files and those of the release before it, and none of older ones', () => {
  publish('one', 'main-1.js', 'shared-1.css')
  publish('two', 'main-2.js', 'shared-1.css')
  expect(assets()).toEqual(['main-1.js', 'main-2.js', 'shared-1.css'])
  publish('three', 'main-3.js', 'shared-3.css')
  expect(assets()).toEqual(['main-2.js', 'main-3.js', 'shared-1.css', 'shared-3.css'])
  expect(readdirSync(join(folder, 'assets'))).toHaveLength(8)
  expect(readFileSync(join(folder, 'index.html'), 'utf8')).toBe('main-3.js shared-3.css')
  expect(readdirSync(folder).toSorted()).toEqual(['.release.json', 'assets', 'index.html', 'only-in-three.txt'])
})

test('a build that makes the same files again keeps those of the release before', () => {
  publish('one', 'main-1.js')
  publish('two', 'main-2.js')
  publish('two, with another comment', 'main-2.js')
  expect(assets()).toEqual(['main-1.js', 'main-2.js'])
  expect(readRelease(folder)?.stamp).toBe('two, with another comment')
})

test('files without a record of their release, e.g. copied from another machine, count as the release before', () => {
  publish('one', 'main-1.js')
  rmSync(join(folder, '.release.json'))
  expect(readRelease(folder)).toBeUndefined()
  publish('two', 'main-2.js')
  expect(assets()).toEqual(['main-1.js', 'main-2.js'])
})

test('a folder whose page is gone holds no release', () => {
  publish('one', 'main-1.js')
  rmSync(join(folder, 'index.html'))
  expect(readRelease(folder)).toBeUndefined()
})
