// ValueMultisets: for every row a multiset of interned values. Adding, merging and retracting are
// exact inverses, so a running window can take panes in and let them go.
//
//   row       distinct values << 5 | class
//   inline    the first 2^inlineClass pairs (value id + 1, count) of the row, at a fixed place
//   block     class above: 2^class pairs in an arena, its place in the first inline cell
//             up to 8 pairs: a list in no order; above: a hash table, 0 = free pair
//
// Blocks are recycled by class; memory follows the live pairs. Cost: a list of at most 8 pairs or one
// probe, in one or two cache lines.
import { assert } from '../../engine/errors.ts'
import { grownInt32, laneCapacity } from './lanes.ts'
import {
  CLASS_BITS,
  CLASS_MASK,
  find,
  LIST_CLASS_MAX,
  ONE_MORE,
  pairsToVisit,
  removeFromTable,
  write,
} from './multiset-cells.ts'
import type { ValueIntern } from './value-intern.ts'

const COUNT_MAX = 0x7fffffff

/** Where the cells of some rows stand. */
export interface CellPlaces {
  readonly infos: Int32Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

export class ValueMultisets {
  readonly intern: ValueIntern
  readonly #inlineClass: number
  #infos = new Int32Array(0)
  #inline = new Int32Array(0)
  #arena = new Int32Array(1024)
  #arenaEnd = 0
  readonly #free: number[][] = Array.from({ length: 32 }, () => [])

  /** @param inlineClass a row begins with room for 2^inlineClass values; at most 8 */
  constructor(intern: ValueIntern, inlineClass = 0) {
    assert(inlineClass <= LIST_CLASS_MAX, `${2 ** inlineClass} values inline`)
    this.intern = intern
    this.#inlineClass = inlineClass
  }

  get sizeBytes(): number {
    return this.#infos.byteLength + this.#inline.byteLength + this.#arena.byteLength
  }

  ensureRows(count: number): void {
    const capacity = laneCapacity(this.#infos.length, count)
    if (capacity === this.#infos.length) return
    const rows = this.#infos.length
    this.#inline = grownInt32(this.#inline, capacity << (this.#inlineClass + 1))
    this.#infos = grownInt32(this.#infos, capacity).fill(this.#inlineClass, rows)
  }

  /** Distinct values of a row. */
  sizeOf(row: number): number {
    return this.#infos[row]! >> CLASS_BITS
  }

  clear(from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const info = this.#infos[row]!
      if (info < ONE_MORE) continue
      const sizeClass = info & CLASS_MASK
      const cells = this.#cellsOf(sizeClass)
      const base = this.#baseOf(row, sizeClass)
      const end = base + pairsToVisit(info) * 2
      for (let at = base; at < end; at += 2) {
        const stored = cells[at]!
        if (stored !== 0) this.intern.release(stored - 1)
      }
      if (sizeClass !== this.#inlineClass) this.#freeBlock(base, sizeClass)
      this.#infos[row] = this.#inlineClass
    }
  }

  /** Adds `ids[i]` once to `rows[i]`; -1 is skipped. */
  add(rows: Int32Array, ids: Int32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const id = ids[i]!
      if (id >= 0) this.increase(rows[i]!, id, 1)
    }
  }

  merge(targets: Int32Array, source: ValueMultisets, sources: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const row = sources[i]!
      const info = source.#infos[row]!
      if (info < ONE_MORE) continue
      const target = targets[i]!
      const cells = source.#cellsOf(info & CLASS_MASK)
      const base = source.#baseOf(row, info & CLASS_MASK)
      const end = base + pairsToVisit(info) * 2
      for (let at = base; at < end; at += 2) {
        const stored = cells[at]!
        if (stored !== 0) this.increase(target, stored - 1, cells[at + 1]!)
      }
    }
  }

  retract(targets: Int32Array, source: ValueMultisets, sources: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const row = sources[i]!
      const info = source.#infos[row]!
      if (info < ONE_MORE) continue
      const target = targets[i]!
      const cells = source.#cellsOf(info & CLASS_MASK)
      const base = source.#baseOf(row, info & CLASS_MASK)
      const end = base + pairsToVisit(info) * 2
      for (let at = base; at < end; at += 2) {
        const stored = cells[at]!
        if (stored !== 0) this.#decrease(target, stored - 1, cells[at + 1]!)
      }
    }
  }

  /**
   * Finds the cells of rows [from, to), for many rows at once: short loops without branches, so that
   * waiting for memory overlaps. The cells of row i are `places.starts[i - from] .. ends[i - from]`,
   * in the array that `cellsAt` gives.
   */
  locate(rows: Int32Array, from: number, to: number, { starts, ends, infos }: CellPlaces): void {
    const ownInfos = this.#infos
    const inline = this.#inline
    const arena = this.#arena
    const inlineClass = this.#inlineClass
    const shift = inlineClass + 1
    for (let i = from; i < to; i++) infos[i - from] = ownInfos[rows[i]!]!
    for (let i = from; i < to; i++) {
      const first = rows[i]! << shift
      const held = inline[first]!
      starts[i - from] = (infos[i - from]! & CLASS_MASK) === inlineClass ? first : held
    }
    // Reads the first cell of each block: its line of memory is there when its values are asked for.
    for (let i = 0; i < to - from; i++) {
      ends[i] = (infos[i]! & CLASS_MASK) === inlineClass ? 0 : arena[starts[i]!]!
    }
    for (let i = 0; i < to - from; i++) ends[i] = starts[i]! + pairsToVisit(infos[i]!) * 2
  }

  /** The array that holds the cells of a row with this info: pairs (value id + 1 or 0, count). */
  cellsAt(info: number): Int32Array {
    return this.#cellsOf(info & CLASS_MASK)
  }

  /** Adds a value `by` times to a row. */
  increase(row: number, id: number, by: number): void {
    const info = this.#infos[row]!
    const sizeClass = info & CLASS_MASK
    const cells = this.#cellsOf(sizeClass)
    const base = this.#baseOf(row, sizeClass)
    const at = find(cells, base, info, id)
    if (at >= 0) {
      const total = cells[at + 1]! + by
      assert(total <= COUNT_MAX, 'a value stands more than 2^31 times in one row')
      cells[at + 1] = total
      return
    }
    this.intern.references[id]!++
    const size = info >> CLASS_BITS
    if (sizeClass > LIST_CLASS_MAX || size === 1 << sizeClass) {
      this.#insert(row, id, by)
      return
    }
    const end = base + size * 2
    cells[end] = id + 1
    cells[end + 1] = by
    this.#infos[row] = info + ONE_MORE
  }

  #decrease(row: number, id: number, by: number): void {
    const info = this.#infos[row]!
    const sizeClass = info & CLASS_MASK
    const cells = this.#cellsOf(sizeClass)
    const base = this.#baseOf(row, sizeClass)
    const at = find(cells, base, info, id)
    assert(at >= 0, 'a value to retract is missing')
    const left = cells[at + 1]! - by
    if (left > 0) {
      cells[at + 1] = left
      return
    }
    assert(left === 0, 'a value is retracted more often than it was merged')
    if (sizeClass <= LIST_CLASS_MAX) {
      const last = base + (info >> CLASS_BITS) * 2 - 2
      cells[at] = cells[last]!
      cells[at + 1] = cells[last + 1]!
    } else {
      removeFromTable(cells, base, sizeClass, at)
    }
    this.#infos[row] = info - ONE_MORE
    if (sizeClass !== this.#inlineClass) this.#shrink(row)
    this.intern.release(id)
  }

  #cellsOf(sizeClass: number): Int32Array {
    return sizeClass === this.#inlineClass ? this.#inline : this.#arena
  }

  /** Index of the row's first pair in its cells. */
  #baseOf(row: number, sizeClass: number): number {
    const inline = row << (this.#inlineClass + 1)
    return sizeClass === this.#inlineClass ? inline : this.#inline[inline]!
  }

  /** Inserts into a table, or into a list that is full. */
  #insert(row: number, id: number, by: number): void {
    const info = this.#infos[row]!
    const sizeClass = info & CLASS_MASK
    const limit = sizeClass <= LIST_CLASS_MAX ? 1 << sizeClass : 3 << (sizeClass - 2)
    if (info >> CLASS_BITS >= limit) this.#resize(row, sizeClass + 1)
    const now = this.#infos[row]!
    const nowClass = now & CLASS_MASK
    const base = this.#baseOf(row, nowClass)
    write(this.#cellsOf(nowClass), base, nowClass, now >> CLASS_BITS, id + 1, by)
    this.#infos[row] = now + ONE_MORE
  }

  #shrink(row: number): void {
    const info = this.#infos[row]!
    const sizeClass = info & CLASS_MASK
    const size = info >> CLASS_BITS
    if (size * 4 <= 1 << sizeClass) this.#resize(row, sizeClass - 1)
  }

  #resize(row: number, sizeClass: number): void {
    const info = this.#infos[row]!
    const oldClass = info & CLASS_MASK
    const oldBase = this.#baseOf(row, oldClass)
    const isInline = sizeClass === this.#inlineClass
    const base = isInline ? row << (this.#inlineClass + 1) : this.#takeBlock(sizeClass)
    const from = this.#cellsOf(oldClass)
    const to = this.#cellsOf(sizeClass)
    let size = 0
    for (let at = oldBase; at < oldBase + pairsToVisit(info) * 2; at += 2) {
      if (from[at] !== 0) write(to, base, sizeClass, size++, from[at]!, from[at + 1]!)
    }
    if (oldClass !== this.#inlineClass) this.#freeBlock(oldBase, oldClass)
    if (!isInline) this.#inline[row << (this.#inlineClass + 1)] = base
    this.#infos[row] = (size << CLASS_BITS) | sizeClass
  }

  /** Where 2^class pairs begin in the arena; a table's pairs are free. */
  #takeBlock(sizeClass: number): number {
    const reused = this.#free[sizeClass]?.pop()
    if (reused !== undefined) return reused
    const base = this.#arenaEnd
    this.#arenaEnd += 2 << sizeClass
    if (this.#arenaEnd > this.#arena.length) {
      this.#arena = grownInt32(this.#arena, laneCapacity(this.#arena.length, this.#arenaEnd))
    }
    return base
  }

  #freeBlock(base: number, sizeClass: number): void {
    if (sizeClass > LIST_CLASS_MAX) this.#arena.fill(0, base, base + (2 << sizeClass))
    this.#free[sizeClass]?.push(base)
  }
}
