// The online store of a job's environment, as readers of online views want it.
import type { OnlineHandle } from '../../connectors/online/index.ts'
import type { StoreReader } from '../../engine/checkpoint/index.ts'

/**
 * Reads of one call see one snapshot: they are synchronous, and the store renews its read
 * transaction only between turns of the event loop.
 */
export function onlineHandle(reader: StoreReader): OnlineHandle {
  return {
    read: (work) =>
      work({
        get: (key) => reader.get('online', key),
        range: (from, to) => reader.range('online', from, to),
      }),
  }
}
