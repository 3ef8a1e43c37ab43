import type { InstalledPackage } from './production-packages.ts'

/** Licences that allow use in a product of any kind. libvips, which sharp loads as a library of its own, is LGPL. */
const allowed = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Zlib',
  'Python-2.0',
  'PSF-2.0',
  'MPL-2.0',
])
const exceptions: Readonly<Record<string, string>> = { '@img/sharp-libvips-': 'LGPL-3.0-or-later' }

/** Lists the packages whose licence nobody has allowed, as `name@version: licence`. */
export const refusedLicences = (packages: readonly InstalledPackage[]): string[] =>
  packages
    .filter(({ name, license, isOwn }) => !isOwn && !isAllowed(license) && !isException(name, license))
    .map(({ name, version, license }) => `${name}@${version}: ${license}`)

/** Of an expression with OR one licence suffices, of one with AND all are needed. */
function isAllowed(expression: string): boolean {
  const text = expression.replace(/^\((.*)\)$/, '$1')
  if (text.includes(' OR ')) return text.split(' OR ').some(isAllowed)
  if (text.includes(' AND ')) return text.split(' AND ').every(isAllowed)
  return allowed.has(text.replaceAll(/[()]/g, '').trim())
}

const isException = (name: string, license: string) =>
  Object.entries(exceptions).some(([start, accepted]) => name.startsWith(start) && license === accepted)
