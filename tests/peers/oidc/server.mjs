// npm oidc-provider as an authorization server for the tests: device flow, rotation with reuse detection, revocation.
//
// Listens on a free port of 127.0.0.1. Standard output has one JSON object a line and no secret: first {"port"}, then
// {"request"} for each request to the token endpoint or for a device code, {"grant","error"} for how a token request
// ended, and {"revoked"} for each grant that was revoked. It ends when its standard input does, so that it never
// outlives the test that started it.
//
// CREDLATCH_OIDC_PROVIDER names the directory in which oidc-provider is installed, if node would not find it by itself.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const place = process.env.CREDLATCH_OIDC_PROVIDER;
const from = place ? createRequire(join(place, "package.json")) : createRequire(import.meta.url);
const { Provider } = await import(pathToFileURL(from.resolve("oidc-provider")).href);

const CLIENT = "credlatch-test";
const SCOPE = "openid offline_access";
const lifetime = Number(process.env.CREDLATCH_TOKEN_LIFETIME ?? 3600);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const { port } = server.address();

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: CLIENT,
      token_endpoint_auth_method: "none",
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
      response_types: [],
      redirect_uris: [],
      scope: SCOPE,
    },
  ],
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    revocation: { enabled: true },
  },
  findAccount: async (_ctx, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: lifetime, DeviceCode: 600, Grant: 86_400, IdToken: 3600, RefreshToken: 86_400 },
  cookies: { keys: ["loopback only"] },
});

provider.on("grant.success", (ctx) => say({ grant: ctx.oidc.params.grant_type, error: null }));
provider.on("grant.error", (ctx, error) => say({ grant: ctx.oidc?.params?.grant_type ?? null, error: error.error }));
provider.on("grant.revoked", () => say({ revoked: true }));

// What the person does on the page where the code is entered.
async function approve(userCode) {
  const code = await provider.DeviceCode.findByUserCode(userCode.replace(/[^A-Za-z0-9]/g, "").toUpperCase());
  if (!code || code.accountId) return false;
  const grant = new provider.Grant({ accountId: "someone", clientId: CLIENT });
  grant.addOIDCScope(SCOPE);
  const grantId = await grant.save();
  Object.assign(code, { accountId: "someone", grantId, scope: SCOPE, claims: {}, authTime: Math.floor(Date.now() / 1000) });
  await code.save();
  return true;
}

// Keeps an answer for a while after all else is done: CREDLATCH_OIDC_DELAY_MS at most, drawn anew for each.
function keep(response) {
  const most = Number(process.env.CREDLATCH_OIDC_DELAY_MS ?? 0);
  if (!most) return;
  const delay = Math.floor(Math.random() * most);
  const end = response.end.bind(response);
  response.end = (...parts) => {
    say({ delay });
    setTimeout(() => end(...parts), delay);
    return response;
  };
}

const handle = provider.callback();
server.on("request", async (request, response) => {
  const url = new URL(request.url, `http://127.0.0.1:${port}`);
  if (url.pathname === "/test/approve") {
    const known = await approve(url.searchParams.get("user_code") ?? "");
    response.writeHead(known ? 204 : 404).end();
    return;
  }
  if (url.pathname === "/token") {
    say({ request: "token" });
    keep(response);
  }
  if (url.pathname === "/device/auth") say({ request: "device" });
  handle(request, response);
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
say({ port });
