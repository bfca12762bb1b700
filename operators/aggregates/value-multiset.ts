// ValueMultisets: for every row a multiset of interned values. Adding, merging and retracting are
// exact inverses, so a running window can take panes in and let them go.
//
//   row      where its block begins, how many distinct values it holds, the block's class
//   block    2^class pairs (value id + 1, count), contiguous in one arena; 0 = free pair
//            up to 8 pairs: a list, searched in order; above: a hash table in the block itself
//
// Blocks are recycled by class; memory follows the live pairs. Cost: a list of at most 8 pairs or
// one probe, in one or two cache lines.
import { assert } from '../../engine/errors.ts'
import { grownInt32, laneCapacity } from './lanes.ts'
import type { ValueIntern } from './value-intern.ts'

const LIST_CLASS_MAX = 3
const CLASS_BITS = 5
const CLASS_MASK = 31
const COUNT_MAX = 0x7fffffff

export class ValueMultisets {
  readonly intern: ValueIntern
  /** By row: block (in pairs, -1 for none), then distinct values << 5 | class. */
  #rows = new Int32Array(0)
  #cells = new Int32Array(1024)
  #end = 0
  readonly #free: number[][] = Array.from({ length: 32 }, () => [])

  constructor(intern: ValueIntern) {
    this.intern = intern
  }

  get sizeBytes(): number {
    return this.#rows.byteLength + this.#cells.byteLength
  }

  ensureRows(count: number): void {
    const rows = this.#rows.length / 2
    const capacity = laneCapacity(rows, count)
    if (capacity === rows) return
    this.#rows = grownInt32(this.#rows, capacity * 2)
    for (let row = rows; row < capacity; row++) this.#rows[row * 2] = -1
  }

  /** Distinct values of a row. */
  sizeOf(row: number): number {
    return this.#rows[row * 2 + 1]! >> CLASS_BITS
  }

  clear(from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const block = this.#rows[row * 2]!
      if (block < 0) continue
      const sizeClass = this.#rows[row * 2 + 1]! & CLASS_MASK
      const end = (block + (1 << sizeClass)) * 2
      for (let at = block * 2; at < end; at += 2) {
        const stored = this.#cells[at]!
        if (stored !== 0) this.intern.release(stored - 1)
      }
      this.#freeBlock(block, sizeClass)
      this.#rows[row * 2] = -1
      this.#rows[row * 2 + 1] = 0
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
      const block = source.#rows[row * 2]!
      if (block < 0) continue
      const target = targets[i]!
      const end = (block + (1 << (source.#rows[row * 2 + 1]! & CLASS_MASK))) * 2
      for (let at = block * 2; at < end; at += 2) {
        const stored = source.#cells[at]!
        if (stored !== 0) this.increase(target, stored - 1, source.#cells[at + 1]!)
      }
    }
  }

  retract(targets: Int32Array, source: ValueMultisets, sources: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const row = sources[i]!
      const block = source.#rows[row * 2]!
      if (block < 0) continue
      const target = targets[i]!
      const end = (block + (1 << (source.#rows[row * 2 + 1]! & CLASS_MASK))) * 2
      for (let at = block * 2; at < end; at += 2) {
        const stored = source.#cells[at]!
        if (stored !== 0) this.#decrease(target, stored - 1, source.#cells[at + 1]!)
      }
    }
  }

  /** Calls `visit(id, count)` for each distinct value of a row. For codecs, not for hot paths. */
  forEach(row: number, visit: (id: number, count: number) => void): void {
    const block = this.#rows[row * 2]!
    if (block < 0) return
    const end = (block + (1 << (this.#rows[row * 2 + 1]! & CLASS_MASK))) * 2
    for (let at = block * 2; at < end; at += 2) {
      const stored = this.#cells[at]!
      if (stored !== 0) visit(stored - 1, this.#cells[at + 1]!)
    }
  }

  /** Adds a value `by` times to a row. */
  increase(row: number, id: number, by: number): void {
    const meta = row * 2
    const block = this.#rows[meta]!
    if (block < 0) {
      const fresh = this.#takeBlock(0)
      this.#rows[meta] = fresh
      this.#rows[meta + 1] = 1 << CLASS_BITS
      this.#cells[fresh * 2] = id + 1
      this.#cells[fresh * 2 + 1] = by
      this.intern.references[id]!++
      return
    }
    const info = this.#rows[meta + 1]!
    const sizeClass = info & CLASS_MASK
    const at = this.#find(block, sizeClass, info >> CLASS_BITS, id)
    if (at >= 0) {
      const total = this.#cells[at + 1]! + by
      assert(total <= COUNT_MAX, `a value stands more than ${COUNT_MAX} times in one row`)
      this.#cells[at + 1] = total
      return
    }
    this.#insert(row, id, by)
    this.intern.references[id]!++
  }

  #decrease(row: number, id: number, by: number): void {
    const meta = row * 2
    const info = this.#rows[meta + 1]!
    const block = this.#rows[meta]!
    const sizeClass = info & CLASS_MASK
    const size = info >> CLASS_BITS
    const at = block < 0 ? -1 : this.#find(block, sizeClass, size, id)
    assert(at >= 0, `a value to retract is missing in row ${row}`)
    const left = this.#cells[at + 1]! - by
    assert(left >= 0, `a value is retracted more often than it was merged in row ${row}`)
    this.#cells[at + 1] = left
    if (left > 0) return
    if (size === 1) {
      this.#cells[at] = 0
      this.#freeBlock(block, sizeClass)
      this.#rows[meta] = -1
      this.#rows[meta + 1] = 0
    } else {
      if (sizeClass <= LIST_CLASS_MAX) this.#removeFromList(block, size, at)
      else this.#removeFromTable(block, sizeClass, at)
      this.#rows[meta + 1] = info - (1 << CLASS_BITS)
      if (sizeClass > 0 && (size - 1) * 4 <= 1 << sizeClass) this.#resize(row, sizeClass - 1)
    }
    this.intern.release(id)
  }

  /** Index of the pair's id in the cells, or -1. */
  #find(block: number, sizeClass: number, size: number, id: number): number {
    const cells = this.#cells
    const wanted = id + 1
    if (sizeClass <= LIST_CLASS_MAX) {
      const end = (block + size) * 2
      for (let at = block * 2; at < end; at += 2) if (cells[at] === wanted) return at
      return -1
    }
    const mask = (1 << sizeClass) - 1
    for (let slot = home(id, sizeClass); ; slot = (slot + 1) & mask) {
      const stored = cells[(block + slot) * 2]!
      if (stored === wanted) return (block + slot) * 2
      if (stored === 0) return -1
    }
  }

  #insert(row: number, id: number, by: number): void {
    const meta = row * 2
    let info = this.#rows[meta + 1]!
    let sizeClass = info & CLASS_MASK
    const size = info >> CLASS_BITS
    const limit = sizeClass <= LIST_CLASS_MAX ? 1 << sizeClass : 3 << (sizeClass - 2)
    if (size >= limit) {
      this.#resize(row, sizeClass + 1)
      info = this.#rows[meta + 1]!
      sizeClass = info & CLASS_MASK
    }
    const block = this.#rows[meta]!
    this.#write(block, sizeClass, size, id, by)
    this.#rows[meta + 1] = info + (1 << CLASS_BITS)
  }

  /** Writes a pair that the block does not hold yet. */
  #write(block: number, sizeClass: number, size: number, id: number, count: number): void {
    const cells = this.#cells
    let slot = size
    if (sizeClass > LIST_CLASS_MAX) {
      const mask = (1 << sizeClass) - 1
      slot = home(id, sizeClass)
      while (cells[(block + slot) * 2] !== 0) slot = (slot + 1) & mask
    }
    cells[(block + slot) * 2] = id + 1
    cells[(block + slot) * 2 + 1] = count
  }

  #resize(row: number, sizeClass: number): void {
    const meta = row * 2
    const old = this.#rows[meta]!
    const info = this.#rows[meta + 1]!
    const oldClass = info & CLASS_MASK
    const block = this.#takeBlock(sizeClass)
    let size = 0
    for (let at = old * 2; at < (old + (1 << oldClass)) * 2; at += 2) {
      const stored = this.#cells[at]!
      if (stored !== 0) this.#write(block, sizeClass, size++, stored - 1, this.#cells[at + 1]!)
    }
    this.#freeBlock(old, oldClass)
    this.#rows[meta] = block
    this.#rows[meta + 1] = (size << CLASS_BITS) | sizeClass
  }

  #removeFromList(block: number, size: number, at: number): void {
    const cells = this.#cells
    const last = (block + size - 1) * 2
    cells[at] = cells[last]!
    cells[at + 1] = cells[last + 1]!
    cells[last] = 0
  }

  #removeFromTable(block: number, sizeClass: number, found: number): void {
    const cells = this.#cells
    const mask = (1 << sizeClass) - 1
    let gap = found / 2 - block
    for (let slot = (gap + 1) & mask; ; slot = (slot + 1) & mask) {
      const at = (block + slot) * 2
      const stored = cells[at]!
      if (stored === 0) break
      if (((slot - home(stored - 1, sizeClass)) & mask) < ((slot - gap) & mask)) continue
      cells[(block + gap) * 2] = stored
      cells[(block + gap) * 2 + 1] = cells[at + 1]!
      gap = slot
    }
    cells[(block + gap) * 2] = 0
  }

  /** A block of 2^class free pairs. */
  #takeBlock(sizeClass: number): number {
    const reused = this.#free[sizeClass]?.pop()
    if (reused !== undefined) return reused
    const block = this.#end
    this.#end += 1 << sizeClass
    if (this.#end * 2 > this.#cells.length) {
      this.#cells = grownInt32(this.#cells, laneCapacity(this.#cells.length, this.#end * 2))
    }
    return block
  }

  #freeBlock(block: number, sizeClass: number): void {
    if (sizeClass === 0) this.#cells[block * 2] = 0
    else this.#cells.fill(0, block * 2, (block + (1 << sizeClass)) * 2)
    this.#free[sizeClass]?.push(block)
  }
}

/** Where an id stands in a block's table when nothing is in its way (Fibonacci hashing). */
function home(id: number, sizeClass: number): number {
  return Math.imul(id, -1640531527) >>> (32 - sizeClass)
}
