/** The bytes do not have the structure that their format demands. */
export class MalformedContainer extends Error {
  constructor(format: string) {
    super(`malformed ${format} container`)
    this.name = 'MalformedContainer'
  }
}
