// An identity provider, for tests.
//
// Usage: node oidc-provider.mjs NODE_MODULES SETTINGS
// SETTINGS is the JSON that `oidc_provider.rs` writes. Prints nothing that matters.

import { pathToFileURL } from 'node:url';
import path from 'node:path';

const [modules, settings] = [process.argv[2], JSON.parse(process.argv[3])];
const library = path.join(modules, 'oidc-provider/lib/index.js');
const { default: Provider } = await import(pathToFileURL(library).href);

const origin = `http://127.0.0.1:${settings.port}`;

// What happened, in order: { path, grant_type, status, error }.
const events = [];
const revocations = [];
const grants = new Set();
let slowDowns = 0;
let refusals = [];

const provider = new Provider(origin, {
  clients: [{
    client_id: 'helper',
    ...(settings.secret
      ? { client_secret: settings.secret, token_endpoint_auth_method: settings.secret_method }
      : { token_endpoint_auth_method: 'none' }),
    // A native one may come back to any port of loopback (RFC 8252, section 7.3).
    application_type: 'native',
    grant_types: [
      'authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code',
      ...(settings.secret ? ['client_credentials'] : []),
    ],
    redirect_uris: ['http://127.0.0.1/callback', 'http://localhost'],
    response_types: ['code'],
  }],
  clientAuthMethods: ['none', settings.secret_method ?? 'client_secret_basic'],
  claims: { openid: ['sub'], email: ['email'] },
  conformIdTokenClaims: false,
  scopes: ['openid', 'offline_access', 'email', 'models'],
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_ctx, resource) => ({
        audience: resource,
        scope: 'models',
        accessTokenFormat: 'jwt',
        accessTokenTTL: settings.ttl.AccessToken,
      }),
    },
  },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com` }),
  }),
  rotateRefreshToken: settings.rotate,
  ttl: settings.ttl,
});

provider.on('grant.saved', (grant) => grants.add(grant.jti));
provider.on('grant.revoked', (_ctx, id) => revocations.push(id));

// What the tests ask for beside the protocol.
const control = {
  'GET /test/events': () => ({ events, revocations }),
  'POST /test/slow-down': () => { slowDowns += 1; },
  // The next token request is answered so, before the provider sees it.
  'POST /test/refuse': (ctx) => {
    refusals.push({ status: Number(ctx.query.status), body: ctx.query.body });
  },
  // An administrator ends all sign-ins.
  'POST /test/revoke': async () => {
    await Promise.all([...grants].map(async (id) => (await provider.Grant.find(id))?.destroy()));
  },
};

provider.use(async (ctx, next) => {
  const answer = control[`${ctx.method} ${ctx.path}`];
  if (answer) {
    ctx.body = (await answer(ctx)) ?? {};
    return;
  }
  if (ctx.path === '/token' && slowDowns > 0) {
    slowDowns -= 1;
    ctx.status = 400;
    ctx.body = { error: 'slow_down' };
  } else if (ctx.path === '/token' && refusals.length > 0) {
    const { status, body } = refusals.shift();
    ctx.status = status;
    ctx.body = body;
    ctx.type = body.startsWith('{') ? 'json' : 'html';
  } else {
    await next();
  }
  // It sends no interval by itself.
  if (ctx.path === '/device/auth' && ctx.body?.device_code && settings.interval) {
    ctx.body.interval = settings.interval;
  }
  if (ctx.method === 'POST') {
    const { grant_type: type } = ctx.oidc?.params ?? {};
    events.push({
      path: ctx.path,
      grant_type: type?.split(':').pop(),
      status: ctx.status,
      error: ctx.body?.error,
      at: Date.now(),
    });
  }
});

// A connection that rests may be used again by a test on a busy machine.
provider.listen(settings.port, '127.0.0.1').keepAliveTimeout = 600_000;
