import type { Manifest } from './render.ts'

type Model = new (object: Manifest) => { validate(): void }

/** Validates an object by the schema of its kind. @throws what is wrong, also for a kind without a schema */
export async function validate(manifest: Manifest): Promise<void> {
  const { apiVersion, kind } = manifest
  const models = apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models'
  const { [kind]: Model } = (await import(`${models}/${apiVersion}`)) as Record<string, Model>
  if (!Model) throw new Error(`There is no schema of ${apiVersion} ${kind}.`)
  new Model(manifest).validate()
}
