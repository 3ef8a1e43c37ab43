import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { hasKubectl, renderFolder, root } from './render.ts'
import { validate } from './validate.ts'

const file = (name: string) => readFileSync(join(root, 'docker', name), 'utf8')

test('the image brings the programs of a Postgres that is not older than that of compose', () => {
  const [, ofImage] = /postgresql-client-(\d+)/.exec(file('Dockerfile')) ?? []
  const { services } = parse(file('compose.yaml'), { merge: true }) as { services: { postgres: { image: string } } }
  const [, ofCompose] = /^postgres:(\d+)$/.exec(services.postgres.image) ?? []
  expect(Number(ofImage)).toBeGreaterThanOrEqual(Number(ofCompose))
})

/** Renders an overlay whose line of the component is not commented out, as docs/backup.md tells. */
function renderWithBackups(overlay: string) {
  const folder = mkdtempSync(join(tmpdir(), 'muster-overlay-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const text = file(`kubernetes/overlays/${overlay}/kustomization.yaml`)
    .replace('# - ../../components/backup', '- ../../components/backup')
    .replaceAll('../../', `${relative(folder, join(root, 'docker/kubernetes'))}/`)
  writeFileSync(join(folder, 'kustomization.yaml'), text)
  return renderFolder(folder)
}

test.skipIf(!hasKubectl).each([
  { overlay: 'small', mounts: ['backups', 'files', 'tmp'] },
  { overlay: 'production', mounts: ['backups', 'tmp'] },
])(
  'the component of backups fits the overlay $overlay: one at a time, with the files and no more rights',
  async ({ overlay, mounts }) => {
    const objects = renderWithBackups(overlay)
    const job = objects.find(({ kind }) => kind === 'CronJob')
    const api = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'muster-api')
    if (!job || !api) throw new Error('The overlay has no CronJob.')
    for (const object of objects) await validate(object)
    const pod = job.spec.jobTemplate.spec.template.spec
    const [container] = pod.containers
    expect([job.metadata.namespace, job.spec.concurrencyPolicy]).toEqual(['muster', 'Forbid'])
    expect(container.image).toBe(api.spec.template.spec.containers[0].image)
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false })
    for (const volumes of [pod.volumes, container.volumeMounts])
      expect(volumes.map(({ name }: { name: string }) => name).sort()).toEqual(mounts)
    const rings = container.env
      .map(({ name }: { name: string }) => name)
      .filter((name: string) => name.endsWith('_KEYS'))
    expect(rings).toEqual(['AUDIT_KEYS'])
  },
)
