// Windows over keys with aggregates.

export { LATE_PORT, WindowOperator } from './window-operator.ts'
export { type WindowOperatorOptions, windowOutputSchema } from './window-options.ts'
