// Written by `credlatch setup opencode`. opencode asks credlatch for the key of each request.
import { execFile } from "node:child_process"
import { promisify } from "node:util"

const providers = [
]

// Stands where the key goes, until a request leaves.
const place = "the-key-that-credlatch-keeps"

const fetchWithKey = ({ name, baseURL, command }) => async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input)
  if (url.origin !== new URL(baseURL).origin) throw new Error(`${url.host} is not a host of ${name}`)
  const headers = new Headers(init?.headers ?? input.headers)
  const holders = [...headers].filter(([, value]) => value.includes(place))
  if (holders.length === 0) throw new Error(`opencode has another ${name} key: opencode auth logout`)
  const { stdout } = await promisify(execFile)(command[0], command.slice(1))
  for (const [header, value] of holders) headers.set(header, value.replace(place, stdout.trim()))
  return fetch(input, { ...init, headers, redirect: "error" })
}

export const Credlatch = async () => ({
  config: async (config) => {
    config.provider ??= {}
    for (const provider of providers) {
      const row = (config.provider[provider.name] ??= {})
      row.options = { ...row.options, baseURL: provider.baseURL, apiKey: place, fetch: fetchWithKey(provider) }
    }
  },
})
