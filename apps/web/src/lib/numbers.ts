import { formatsOf } from './formats.ts'

const formatOf = formatsOf((locale, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options))

/** Returns a number in the language of the page. */
export const formatNumber = (value: number, options: Intl.NumberFormatOptions = {}): string =>
  formatOf(options).format(value)

/** Returns a share from 0 to 1 as per cent in the language of the page. */
export const formatPercent = (share: number): string =>
  formatNumber(share, { style: 'percent', maximumFractionDigits: 0 })
