// AbortedTransactions: which batches of a fetched partition belong to transactions that were
// aborted. The broker names them by producer and first offset; each lasts until the abort mark of
// its producer. A producer's transactions follow one another, so that one set of producers is
// enough, as long as every transaction enters it in the order of offsets: the list is sorted here,
// and a batch takes in all that begin up to its last offset, however many these are.

/** As the response of a fetch names one. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export class AbortedTransactions {
  #coming: readonly AbortedTransaction[] = []
  #next = 0
  readonly #open = new Set<number>()

  /** Begins a response; the list may be in any order. */
  open(list: readonly AbortedTransaction[]): void {
    this.#coming = list.length < 2 ? list : list.toSorted((a, b) => a.firstOffset - b.firstOffset)
    this.#next = 0
    this.#open.clear()
  }

  /** Called for every batch in order: true when the producer's open transaction was aborted. */
  isAborted(producerId: number, lastOffset: number): boolean {
    for (;;) {
      const coming = this.#coming[this.#next]
      if (coming === undefined || coming.firstOffset > lastOffset) break
      this.#open.add(coming.producerId)
      this.#next++
    }
    return this.#open.has(producerId)
  }

  /** The abort mark of the producer's transaction was read. */
  end(producerId: number): void {
    this.#open.delete(producerId)
  }
}
