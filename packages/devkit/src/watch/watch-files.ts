import { createHash } from 'node:crypto'
import { type FSWatcher, readdirSync, readFileSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'

/** Editors write a file in several steps, and a checkout of git writes many. */
const settleMs = 40
const ignored = /(^|\/)(node_modules|dist|\.[^/]*)$/
const source = /\.(?:ts|tsx|json)$/

/**
 * Watches the sources in some folders, and calls the listener with the files whose content changed, also those that came or went. A file that was saved as it
 * was is no change.
 */
export function watchFiles(folders: readonly string[], onChange: (files: string[]) => void): { close(): void } {
  const watchers: FSWatcher[] = []
  const hashes = new Map<string, string | undefined>()
  const touched = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  const settle = () => {
    const changed = [...touched].filter((file) => {
      const before = hashes.get(file)
      hashes.set(file, hashOf(file))
      return hashes.get(file) !== before
    })
    touched.clear()
    if (changed.length > 0) onChange(changed)
  }
  const touch = (path: string) => {
    if (!source.test(path)) return
    touched.add(path)
    clearTimeout(timer)
    timer = setTimeout(settle, settleMs)
  }
  const follow = (folder: string, isNew: boolean) => {
    const watcher = watch(folder, (_event, name) => {
      if (name === null || ignored.test(name)) return
      const path = join(folder, name)
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) follow(path, true)
      else touch(path)
    })
    // A folder that is deleted ends its watcher; its files were reported by then.
    watcher.on('error', () => watcher.close())
    watchers.push(watcher)
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (ignored.test(entry.name)) continue
      if (entry.isDirectory()) follow(path, isNew)
      else if (isNew) touch(path)
      else if (source.test(path)) hashes.set(path, hashOf(path))
    }
  }
  for (const folder of folders) follow(folder, false)
  return {
    close() {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

function hashOf(file: string): string | undefined {
  try {
    return createHash('sha1').update(readFileSync(file)).digest('base64')
  } catch {
    return undefined
  }
}
