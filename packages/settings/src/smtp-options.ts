const connectTimeoutMs = 10_000

/**
 * Returns the options with which nodemailer connects to the relay; those in the query of the URL win.
 * @param options.silenceTimeoutMs a connection is closed when the server sends nothing for this long
 */
export const smtpOptions = (
  url: string,
  { silenceTimeoutMs, connectMs = connectTimeoutMs }: { silenceTimeoutMs: number; connectMs?: number },
) => ({
  url,
  connectionTimeout: connectMs,
  greetingTimeout: connectMs,
  dnsTimeout: connectMs,
  socketTimeout: silenceTimeoutMs,
  disableFileAccess: true,
  disableUrlAccess: true,
})
