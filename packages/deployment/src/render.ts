import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'

export const root = resolve(import.meta.dirname, '../../..')

/** A Kubernetes object, as far as its fields are checked here. */
export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: objects of every kind, which the models validate
  [field: string]: any
}

const folder = (overlay: string) => join(root, 'docker/kubernetes/overlays', overlay)

/** Tells whether `kubectl` is installed, which contains Kustomize. */
export const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0

/** Renders an overlay as `kubectl apply -k` would apply it. @throws what Kustomize found wrong */
export const render = (overlay: string): Manifest[] => renderFolder(folder(overlay))

/** Renders a folder with a kustomization. @throws what Kustomize found wrong */
export function renderFolder(path: string): Manifest[] {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', path], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest)
}
