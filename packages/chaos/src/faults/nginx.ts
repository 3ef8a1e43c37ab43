import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type Reaper, waitForExit } from '@muster/devkit'
import { eventually } from '@muster/testing'
import { root } from '../system/programs.ts'

/** An nginx with the example of `docker/nginx.conf`. */
export type Nginx = {
  url: string
  /** Leads further connections to these APIs, as an operator does: by another list in the file, and a reload. */
  lead(apis: readonly string[]): Promise<void>
  accessLog(): Record<string, unknown>[]
  /** Returns everything that it has logged. */
  logs(): string
  stop(): Promise<void>
}

type Options = {
  program: string
  home: string
  reaper: Reaper
  port: number
  /** URLs of the APIs. */
  apis: readonly string[]
  certificate: { cert: string; key: string }
}

const logFiles = ['main.log', 'access.log', 'error.log']

/** Starts nginx with the example, in which only names, ports and paths are replaced. @throws when the example is refused */
export async function startNginx({ program, home, reaper, port, apis, certificate }: Options): Promise<Nginx> {
  const dir = join(home, 'nginx')
  mkdirSync(dir, { recursive: true })
  const plainPort = await freePort()
  const write = (list: readonly string[]) =>
    writeFileSync(
      join(dir, 'muster.conf'),
      localExample(readFileSync(join(root, 'docker/nginx.conf'), 'utf8'), {
        ...{ dir, port, plainPort, certificate },
        apis: list,
      }),
    )
  write(apis)
  writeFileSync(join(dir, 'nginx.conf'), mainConfig(dir))
  const run = (...args: string[]) =>
    spawn(program, ['-p', dir, '-e', join(dir, 'main.log'), '-c', join(dir, 'nginx.conf'), ...args], { stdio: 'pipe' })
  const command = async (...args: string[]) => {
    const child = run(...args)
    let output = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`nginx ${args.join(' ')} ended with ${code}:\n${output}`)
  }
  await command('-t')
  const child = run()
  const pid = child.pid as number
  reaper.watch({ pid, kind: 'service', signal: 'SIGTERM' })
  await eventually(async () => void (await fetch(`http://127.0.0.1:${plainPort}/`, { redirect: 'manual' })))
  return {
    url: `https://127.0.0.1:${port}`,
    async lead(list) {
      write(list)
      await command('-t')
      await command('-s', 'reload')
    },
    accessLog: () =>
      readFileSync(join(dir, 'access.log'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    logs: () => logFiles.map((file) => readFileSync(join(dir, file), 'utf8')).join('\n'),
    async stop() {
      child.kill('SIGTERM')
      await waitForExit(pid, 10_000)
      reaper.unwatch(pid)
    },
  }
}

type Names = Pick<Options, 'port' | 'apis' | 'certificate'> & { dir: string; plainPort: number }

/** Replaces names, ports and paths of the example. @throws when the example lacks one of them */
function localExample(example: string, { dir, port, plainPort, apis, certificate }: Names): string {
  const servers = apis.map((url) => `  server ${new URL(url).host} max_fails=0;\n`).join('')
  const replacements: [RegExp, string][] = [
    [/ {2}server api:3000 max_fails=0;\n/g, servers],
    [/muster\.example\.com(?=;)/g, '127.0.0.1'],
    [/listen 80;/g, `listen 127.0.0.1:${plainPort};`],
    [/listen 443 /g, `listen 127.0.0.1:${port} `],
    [/\/etc\/nginx\/tls\/fullchain\.pem/g, certificate.cert],
    [/\/etc\/nginx\/tls\/privkey\.pem/g, certificate.key],
    [/\/var\/log\/nginx\//g, `${dir}/`],
  ]
  return replacements.reduce((text, [pattern, by]) => {
    const replaced = text.replace(pattern, by)
    if (replaced === text) throw new Error(`docker/nginx.conf has nothing like ${pattern.source}.`)
    return replaced
  }, example)
}

/** The settings of Debian's /etc/nginx/nginx.conf, with folders of the test. */
const mainConfig = (dir: string) => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 2;
worker_shutdown_timeout 60s;
pid ${dir}/nginx.pid;
error_log ${dir}/main.log;
events { worker_connections 1024; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join('\n  ')}
  include ${dir}/muster.conf;
}
`
