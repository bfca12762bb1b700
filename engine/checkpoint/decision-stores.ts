// The stores that decision sinks write in the deciding transaction. Steps are synchronous and run
// inside of it only.
import type { DecisionStores } from '../connector.ts'
import type { Environment } from './environment.ts'

export function decisionStores(env: Environment): DecisionStores {
  return {
    get: (store, key) => env.get(store, key),
    put: (store, key, value) => env.put(store, key, value),
    remove: (store, key) => env.remove(store, key),
    before: (store, key) => env.before(store, key),
  }
}
