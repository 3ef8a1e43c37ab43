import { waitFor } from './wait-for.ts'

export type Mail = { id: string; subject: string; text: string; time: string }

/** Waits for the first mail to the address whose subject or text matches. */
export function waitForMail(inbox: string, to: string, pattern: RegExp, timeoutMs: number): Promise<Mail> {
  return waitFor(`a mail to ${to}`, timeoutMs, async () =>
    (await mailsTo(inbox, to)).find(({ subject, text }) => pattern.test(`${subject}\n${text}`)),
  )
}

/** Lists all mails to an address. */
export async function mailsTo(inbox: string, to: string): Promise<Mail[]> {
  const url = new URL('/email', inbox)
  url.searchParams.set('to.address', to)
  return (await (await fetch(url)).json()) as Mail[]
}
