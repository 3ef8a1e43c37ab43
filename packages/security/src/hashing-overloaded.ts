/** More passwords arrive than this machine can hash in time. The same call may succeed after `retryAfterSeconds`. */
export class HashingOverloadedError extends Error {
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super(`No password was hashed within ${retryAfterSeconds} s of waiting: too many others came first.`)
    this.name = 'HashingOverloadedError'
    this.retryAfterSeconds = retryAfterSeconds
  }
}
