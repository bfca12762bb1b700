// Sorts keys that stand in one arena by their bytes: radix by the leading byte, insertion sort for few
// keys. Cost: about one pass a distinguishing byte; memory: a copy of the order.
const INSERTION_MAX = 24

/** Sorts `order` so that the keys it names ascend; key i is `arena[starts[i] ..+ lengths[i])`. */
export function sortKeys(
  order: Int32Array,
  arena: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
): void {
  const copy = new Int32Array(order.length)
  sortFrom({ order, copy, arena, starts, lengths }, 0, order.length, 0)
}

interface Keys {
  readonly order: Int32Array
  readonly copy: Int32Array
  readonly arena: Uint8Array
  readonly starts: Int32Array
  readonly lengths: Int32Array
}

/** Sorts order[from .. to), whose keys share their first `depth` bytes. */
function sortFrom(keys: Keys, from: number, to: number, depth: number): void {
  if (to - from <= INSERTION_MAX) {
    insertionSort(keys, from, to, depth)
    return
  }
  const { order, copy, arena, starts, lengths } = keys
  const ends = new Int32Array(258)
  for (let i = from; i < to; i++) ends[byteAt(arena, starts, lengths, order[i]!, depth) + 1]!++
  for (let b = 1; b < 258; b++) ends[b]! += ends[b - 1]!
  const at = ends.slice()
  for (let i = from; i < to; i++) {
    const byte = byteAt(arena, starts, lengths, order[i]!, depth)
    copy[from + at[byte]!++] = order[i]!
  }
  order.set(copy.subarray(from, to), from)
  // Bucket 0 holds the keys that end here: they are equal.
  for (let b = 1; b < 257; b++) {
    const start = from + ends[b]!
    const end = from + ends[b + 1]!
    if (end - start > 1) sortFrom(keys, start, end, depth + 1)
  }
}

/** 0 behind the key's end, else its byte + 1. */
function byteAt(
  arena: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
  key: number,
  depth: number,
): number {
  return depth < lengths[key]! ? arena[starts[key]! + depth]! + 1 : 0
}

function insertionSort(keys: Keys, from: number, to: number, depth: number): void {
  const { order } = keys
  for (let i = from + 1; i < to; i++) {
    const key = order[i]!
    let at = i
    while (at > from && isBefore(keys, key, order[at - 1]!, depth)) {
      order[at] = order[at - 1]!
      at--
    }
    order[at] = key
  }
}

function isBefore(keys: Keys, a: number, b: number, depth: number): boolean {
  const { arena, starts, lengths } = keys
  const aStart = starts[a]!
  const bStart = starts[b]!
  const shared = Math.min(lengths[a]!, lengths[b]!)
  for (let i = depth; i < shared; i++) {
    const difference = arena[aStart + i]! - arena[bStart + i]!
    if (difference !== 0) return difference < 0
  }
  return lengths[a]! < lengths[b]!
}
