// A module hook: TypeScript of a user is a module, whatever the package.json around it says. Jobs
// import and export; npm's own default for a new folder is CommonJS, in which they could not load.
import type { ResolveHook } from 'node:module'

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const resolved = await nextResolve(specifier, context)
  const { pathname } = new URL(resolved.url)
  const isUsers = /\.tsx?$/.test(pathname) && !pathname.includes('/node_modules/')
  return isUsers ? { ...resolved, format: 'module' } : resolved
}
