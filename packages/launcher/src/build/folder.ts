import { execFileSync } from 'node:child_process'
import { existsSync, globSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

/**
 * Makes the folder that an installation runs from: the bundle, and the dependencies that it imports. `docker/Dockerfile` and the tests
 * use it alike.
 */
const root = resolve(import.meta.dirname, '../../../..')
const [target] = process.argv.slice(2).filter((arg) => arg !== '--')
if (!target) {
  console.error('Name the folder to make: npm run image:folder -- <path>')
  process.exit(2)
}
const folder = resolve(process.env.INIT_CWD ?? root, target)
if (!existsSync(join(root, 'packages/launcher/dist/muster.js'))) {
  console.error('There is no bundle yet; run npm run build first.')
  process.exit(1)
}

rmSync(folder, { recursive: true, force: true })
const args = ['--filter', '@muster/launcher', 'deploy', '--prod', '--legacy', '--prefer-offline', folder]
execFileSync('pnpm', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
// bcrypt brings its code for every system.
for (const build of globSync('node_modules/.pnpm/bcrypt@*/node_modules/bcrypt/prebuilds/*', { cwd: folder }))
  if (!build.endsWith(`${process.platform}-${process.arch}`)) rmSync(join(folder, build), { recursive: true })

const [kibibytes] = execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')
console.log(`${folder}: ${(Number(kibibytes) / 1024).toFixed(0)} MiB`)
