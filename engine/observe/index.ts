// Observing: law checks round operators.
export { checkedOperator } from './law-checks.ts'
