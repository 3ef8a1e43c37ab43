import { describe, expect, test } from 'vitest'
import { hasKubectl, type Manifest, render } from './render.ts'
import { validate } from './validate.ts'

const overlays = ['small', 'production'] as const
const processes = ['api', 'email-worker', 'audit-worker', 'reminder-worker', 'image-worker']
const rendered = hasKubectl ? new Map(overlays.map((overlay) => [overlay, render(overlay)])) : undefined
const objectsOf = (overlay: (typeof overlays)[number]) => rendered?.get(overlay) ?? []
const all = (overlay: (typeof overlays)[number], kind: string) => objectsOf(overlay).filter((one) => one.kind === kind)
const podOf = (workload: Manifest) => workload.spec.template.spec
const workloads = (overlay: (typeof overlays)[number]) => [...all(overlay, 'Deployment'), ...all(overlay, 'Job')]

test.runIf(!hasKubectl)('the tests of the manifests need `kubectl`, which contains Kustomize', () => {})

describe.skipIf(!hasKubectl).each(overlays)('the overlay %s', (overlay) => {
  test('consists of objects that fit their schemas, all in one namespace', async () => {
    const objects = objectsOf(overlay)
    expect(objects.length).toBeGreaterThan(20)
    for (const object of objects)
      await validate(object).catch((error: unknown) => {
        throw new Error(`${object.kind} ${object.metadata.name}: ${error}`)
      })
    const namespaced = objects.filter(({ kind }) => kind !== 'Namespace')
    expect(new Set(namespaced.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['muster']))
  })

  test('runs each process and the migrations of one release', () => {
    expect(workloads(overlay).map((one) => podOf(one).containers[0].args)).toEqual(
      expect.arrayContaining([...processes, 'migrate'].map((name) => [name])),
    )
    const images = workloads(overlay).map((one) => podOf(one).containers[0].image as string)
    expect(new Set(images).size).toBe(1)
    expect(all(overlay, 'Job')[0]?.metadata.name).toBe(`muster-migrate-${images[0]?.split(':')[1]}`)
  })

  test('gives every container a read-only root, no rights, bounds, and time to drain', () => {
    for (const workload of workloads(overlay)) {
      const pod = podOf(workload)
      const [container] = pod.containers
      expect([workload.metadata.name, pod.securityContext, container.securityContext]).toMatchObject([
        workload.metadata.name,
        { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      ])
      expect([pod.automountServiceAccountToken, pod.enableServiceLinks]).toEqual([false, false])
      for (const bound of ['requests', 'limits'])
        expect(Object.keys(container.resources[bound]).sort()).toEqual(['cpu', 'memory'])
      const mounts = container.volumeMounts.map(({ name }: { name: string }) => name)
      expect(pod.volumes.map(({ name }: { name: string }) => name).sort()).toEqual(mounts.sort())
      if (workload.kind === 'Deployment') expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(25)
    }
  })

  test('probes the ops port, and opens only ports that exist', () => {
    for (const deployment of all(overlay, 'Deployment')) {
      const [container] = podOf(deployment).containers
      const ports = new Map(container.ports.map(({ name, containerPort }: never) => [name, containerPort]))
      const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => container[name].httpGet)
      expect(probes.map(({ port }) => port)).toEqual(['ops', 'ops', 'ops'])
      // The default of OPS_PORT of each process, see docs/operate.md.
      expect(ports.get('ops')).toBe(9_100 + processes.indexOf(container.name))
    }
    for (const service of all(overlay, 'Service')) {
      const { component } = { component: service.spec.selector['app.kubernetes.io/component'] }
      const target = all(overlay, 'Deployment').find(({ metadata }) => metadata.name === `muster-${component}`)
      const names = target && podOf(target).containers[0].ports.map(({ name }: { name: string }) => name)
      expect(names).toContain(service.spec.ports[0].targetPort)
    }
  })

  test('takes secrets by reference, and settings that exist', () => {
    const [settings] = all(overlay, 'ConfigMap')
    expect(all(overlay, 'Secret')).toEqual([])
    expect(Object.keys(settings?.data).filter((name) => /PASSWORD|SECRET|_KEYS$|_URL$/.test(name))).toEqual(
      expect.not.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'SMTP_URL', 'AUDIT_KEYS', 'DATABASE_PASSWORD']),
    )
    for (const workload of workloads(overlay)) {
      const [container] = podOf(workload).containers
      expect(container.envFrom).toEqual([{ configMapRef: { name: settings?.metadata.name } }])
      for (const { valueFrom } of container.env)
        expect(valueFrom.secretKeyRef?.name ?? valueFrom.configMapKeyRef.name).toBe(
          valueFrom.secretKeyRef ? 'muster-secrets' : settings?.metadata.name,
        )
    }
  })

  test('protects each process by a disruption budget and a policy of the network', () => {
    const selected = (kind: string, field: string) =>
      all(overlay, kind).map(({ spec }) => spec[field].matchLabels['app.kubernetes.io/component'])
    expect(selected('PodDisruptionBudget', 'selector').sort()).toEqual([...processes].sort())
    expect(all(overlay, 'NetworkPolicy').find(({ metadata }) => metadata.name === 'muster-nothing-in')?.spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress'],
    })
  })
})

test.skipIf(!hasKubectl)(
  'KEDA scales each worker by its own queue, from one on, and nothing else counts replicas',
  () => {
    const scaled = all('production', 'ScaledObject')
    expect(scaled.map(({ spec }) => spec.scaleTargetRef.name).sort()).toEqual(
      processes
        .filter((name) => name !== 'api')
        .map((name) => `muster-${name}`)
        .sort(),
    )
    const services = new Map(all('production', 'Service').map(({ metadata, spec }) => [metadata.name, spec]))
    for (const { spec } of scaled) {
      const [{ type, metadata }] = spec.triggers
      const [, queue] = /^muster-(\w+)-worker$/.exec(spec.scaleTargetRef.name) ?? []
      expect([type, metadata.valueLocation]).toEqual(['metrics-api', `queues.${queue}.load`])
      const url = new URL(metadata.url)
      const [service, namespace] = url.hostname.split('.')
      expect([namespace, url.pathname, Number(url.port)]).toEqual([
        'muster',
        '/queues',
        services.get(service ?? '')?.ports[0].port,
      ])
      expect(spec.minReplicaCount).toBeGreaterThanOrEqual(1)
      const deployment = all('production', 'Deployment').find(
        ({ metadata: { name } }) => name === spec.scaleTargetRef.name,
      )
      expect(deployment?.spec.replicas).toBeUndefined()
    }
  },
)

test.skipIf(!hasKubectl)('a mistake in a manifest is found', async () => {
  const [deployment, scaled] = [all('production', 'Deployment')[0], all('production', 'ScaledObject')[0]]
  await expect(
    validate({ ...deployment, spec: { ...deployment?.spec, replicas: 'two' } } as Manifest),
  ).rejects.toThrow()
  await expect(validate({ ...scaled, spec: { ...scaled?.spec, triggers: undefined } } as Manifest)).rejects.toThrow()
})
