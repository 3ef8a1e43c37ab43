/** No further try can make this file an image of ours; the message is for the user who uploaded it. */
export class UnusableImage extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'UnusableImage'
  }
}
