// Bounds of the HTTP API.

export interface HttpLimits {
  /** Keys of one multi-get. */
  readonly keysMax: number
  /** Bytes of a request's body. */
  readonly bodyBytesMax: number
  /** Bytes of all headers with the request line. */
  readonly headerBytesMax: number
  /** Characters of one key in an address. */
  readonly keyCharactersMax: number
  readonly connectionsMax: number
  /** Milliseconds within which a request must have come in whole. */
  readonly requestMs: number
  /** Milliseconds that a connection may stay open unused. */
  readonly keepAliveMs: number
}

export const HTTP_LIMITS: HttpLimits = {
  keysMax: 1000,
  bodyBytesMax: 1024 * 1024,
  headerBytesMax: 16 * 1024,
  keyCharactersMax: 2048,
  connectionsMax: 1024,
  requestMs: 10_000,
  keepAliveMs: 60_000,
}
