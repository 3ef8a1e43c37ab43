/** What pg_dump says about its own file. Of a full disk of the server it tells in other words. */
const ofDump = /could not [a-z ]*(?:output|archive|TOC) file\b[^\n]*: (?:No space left on device|Disk quota exceeded)/

/** Tells whether the disk of the backup is full or its quota used up, by an error of writing there: no reading fails so. */
export function isFullDisk(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT' || ofDump.test(each.message)) return true
  }
  return false
}
