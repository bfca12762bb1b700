// JSON in and out, columnar.
export type { DecodeFault, DecodeFaultCode, DecodePolicies } from './decode-policies.ts'
export { jsonDecoder } from './json-reader.ts'
