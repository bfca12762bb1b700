// The engine's public face: what operators, connectors and jobs may import.
export * from './batch/index.ts'
