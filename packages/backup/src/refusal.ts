/** A backup or restore is refused; the message tells the operator why and what to do. Nothing was changed. */
export class BackupRefusal extends Error {
  readonly code = 'REFUSED'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BackupRefusal'
  }
}
