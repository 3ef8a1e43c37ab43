/** Tells why a process refuses a Redis that responds, and what to do. */
export class RedisRefusal extends Error {
  override name = 'RedisRefusal'
}
