import { getLocale } from '../../paraglide/runtime.js'

/** Returns a number in the language of the page. */
export const formatNumber = (value: number): string => new Intl.NumberFormat(getLocale()).format(value)

/** Returns a share from 0 to 1 as per cent in the language of the page. */
export const formatPercent = (share: number): string =>
  new Intl.NumberFormat(getLocale(), { style: 'percent', maximumFractionDigits: 0 }).format(share)
