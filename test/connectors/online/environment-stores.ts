// The stores of a deciding transaction on an embedded environment. For the tests of this folder.
import type { Environment } from '../../../engine/checkpoint/index.ts'
import type { DecisionStores } from '../../../engine/connector.ts'

/** Runs the steps in one durable transaction. */
export function decide(
  env: Environment,
  steps: readonly ((stores: DecisionStores) => void)[],
): void {
  const stores: DecisionStores = {
    get: (store, key) => env.get(store, key),
    put: (store, key, value) => env.put(store, key, value),
    remove: (store, key) => env.remove(store, key),
    before: (store, key) => env.before(store, key),
  }
  env.write(() => {
    for (const step of steps) step(stores)
  })
}
