// toPlain: the values of a dictionary column one after another, as other formats want them.
import type { DictionaryColumn, PlainColumn } from './column.ts'

/** A string or bytes column in plain layout; a plain one is returned as it is. */
export function toPlain(column: DictionaryColumn | PlainColumn): PlainColumn {
  if (column.kind === 'plain') return column
  const { ids, dictionary, nulls } = column
  const from = dictionary.offsets
  const offsets = new Int32Array(ids.length + 1)
  for (let i = 0, total = 0; i < ids.length; i++) {
    const id = ids[i]!
    if (id >= 0) total += from[id + 1]! - from[id]!
    offsets[i + 1] = total
  }
  const bytes = new Uint8Array(offsets[ids.length]!)
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    if (id < 0) continue
    let at = offsets[i]!
    for (let b = from[id]!; b < from[id + 1]!; b++) bytes[at++] = dictionary.bytes[b]!
  }
  return { kind: 'plain', offsets, bytes, nulls }
}
