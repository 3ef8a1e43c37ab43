/** The file can never be processed, so a retry would not help. The message is for the user who uploaded it. */
export class UnusableImage extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'UnusableImage'
  }
}
