export { canonicalZone, zoneOrUtc } from './canonical-zone.ts'
export { dateIn, startOfDate } from './dates.ts'
export { type OffsetPeriod, offsetPeriods } from './offset-periods.ts'
export { reportZones } from './report-zones.ts'
