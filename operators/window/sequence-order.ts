// Sorting rows or slots by the sequence of their keys, with the native sort of float64 arrays: the
// position is packed below the sequence, so that one array carries both.

/** `rows[0 .. count)` in ascending order of `sequences[slotOf[row]]`. */
export function sortBySequence(
  rows: Int32Array,
  count: number,
  slotOf: Int32Array,
  sequences: Float64Array,
): Int32Array {
  const keys = new Float64Array(count)
  let least = Number.POSITIVE_INFINITY
  let greatest = Number.NEGATIVE_INFINITY
  let isSorted = true
  for (let i = 0; i < count; i++) {
    const sequence = sequences[slotOf[rows[i]!]!]!
    if (sequence < greatest) isSorted = false
    if (sequence < least) least = sequence
    if (sequence > greatest) greatest = sequence
    keys[i] = sequence
  }
  if (isSorted) return rows.slice(0, count)
  const sorted = new Int32Array(count)
  if ((greatest - least + 1) * count < Number.MAX_SAFE_INTEGER) {
    for (let i = 0; i < count; i++) keys[i] = (keys[i]! - least) * count + i
    keys.sort()
    for (let i = 0; i < count; i++) sorted[i] = rows[keys[i]! % count]!
    return sorted
  }
  const order = Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]!)
  order.forEach((at, i) => {
    sorted[i] = rows[at]!
  })
  return sorted
}
