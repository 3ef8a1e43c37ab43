import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { postgresOwner } from '@muster/devkit'

/** A private certificate authority, for servers and clients of a test. Its files belong to the user as whom Postgres runs. */
export type Authority = {
  /** The path of its certificate (PEM). */
  ca: string
  /**
   * Issues a certificate.
   * @param name the common name
   * @param hosts for a server: its names and addresses, e.g. `DNS:localhost`, `IP:127.0.0.1`
   * @returns paths of certificate and key (PEM)
   */
  issue(name: string, hosts?: readonly string[]): Promise<{ cert: string; key: string }>
  remove(): Promise<void>
}

const days = ['-days', '2']
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Creates an authority by `openssl`. */
export async function createAuthority(): Promise<Authority> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-certificates-'))
  const owner = postgresOwner()
  const own = async (...paths: string[]) => {
    for (const path of paths) if (owner) await chown(path, owner.uid, owner.gid)
  }
  await own(dir)
  const [ca, caKey] = [join(dir, 'ca.pem'), join(dir, 'ca.key')]
  await openssl('req', '-x509', ...newKey, ...days, '-subj', '/CN=Test authority', '-keyout', caKey, '-out', ca)
  await own(ca)
  return {
    ca,
    async issue(name, hosts = []) {
      const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((end) =>
        join(dir, `${name}.${end}`),
      ) as [string, string, string, string]
      await writeFile(
        extensions,
        hosts.length > 0 ? `subjectAltName=${hosts.join(',')}\n` : 'basicConstraints=CA:FALSE\n',
      )
      await openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', key, '-out', request)
      const authority = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial']
      await openssl('x509', '-req', '-in', request, ...authority, ...days, '-extfile', extensions, '-out', cert)
      await own(cert, key)
      return { cert, key }
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}

async function openssl(...args: string[]): Promise<void> {
  await promisify(execFile)('openssl', args)
}
