import type { Manifest } from './render.ts'

/** The schemas of what is no part of Kubernetes, by the group of the API. */
const packages: Record<string, string> = {
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
}

type Model = new (object: Manifest) => { validate(): void }

/** Validates an object by the schema of its kind. @throws what is wrong, also for a kind without a schema */
export async function validate(manifest: Manifest): Promise<void> {
  const { apiVersion, kind } = manifest
  const models = packages[apiVersion.split('/')[0] ?? ''] ?? 'kubernetes-models'
  const { [kind]: Model } = (await import(`${models}/${apiVersion}`)) as Record<string, Model>
  if (!Model) throw new Error(`There is no schema of ${apiVersion} ${kind}.`)
  new Model(manifest).validate()
}
