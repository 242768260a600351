// A token endpoint that checks what is traded in, for tests: RFC 7523 and RFC 8693 on oidc-provider,
// Anthropic's form beside it, the issuer of what is traded in, and that of GitHub Actions' jobs.
//
// Usage: node token-endpoint.mjs NODE_MODULES SETTINGS
// SETTINGS is the JSON that `token_endpoint.rs` writes. Prints nothing that matters.

import { createHash, randomUUID } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, settings] = [process.argv[2], JSON.parse(process.argv[3])];
const load = (file) => import(pathToFileURL(path.join(modules, file)).href);
const { default: Provider, errors } = await load('oidc-provider/lib/index.js');
const { SignJWT, createRemoteJWKSet, decodeJwt, exportJWK, generateKeyPair, jwtVerify } =
  await load('jose/dist/webapi/index.js');

const origin = `http://127.0.0.1:${settings.port}`;
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';

// What happened, in order.
const events = [];
let refusals = [];
let losses = 0;

// The issuer of what is traded in. Both keys call themselves the same; one is published.
const [right, wrong] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')];
const published = { ...await exportJWK(right.publicKey), kid: 'key', alg: 'ES256', use: 'sig' };

const sign = ({ key, issuer, subject, audience, life, jti }) => new SignJWT({})
  .setProtectedHeader({ alg: 'ES256', kid: 'key' })
  .setIssuer(issuer ?? `${origin}/issuer`)
  .setSubject(subject ?? 'workload')
  .setAudience(audience ?? settings.audience)
  .setIssuedAt()
  .setExpirationTime(Math.floor(Date.now() / 1000) + Number(life ?? 300))
  .setJti(jti ?? randomUUID())
  .sign((key === 'wrong' ? wrong : right).privateKey);

const trusted = new Map(
  [{ issuer: `${origin}/issuer`, jwks_uri: `${origin}/issuer/jwks` }, ...settings.trusted]
    .map(({ issuer, jwks_uri: keys }) => [issuer, createRemoteJWKSet(new URL(keys))]),
);

// The claims of a token that one of those issuers has made for us, and that has not ended.
async function checked(token) {
  const { iss } = decodeJwt(token);
  if (!trusted.has(iss)) throw new Error('the issuer is not trusted');
  const expected = { issuer: iss, audience: settings.audience, requiredClaims: ['exp', 'sub'] };
  return (await jwtVerify(token, trusted.get(iss), expected)).payload;
}

const spent = new Set();

// The same, once.
async function checkedOnce(token) {
  const claims = await checked(token);
  const id = claims.jti ?? createHash('sha256').update(token).digest('hex');
  if (settings.once && spent.has(id)) throw new Error('the token was used before');
  spent.add(id);
  return claims;
}

const provider = new Provider(origin, {
  clients: [{
    client_id: 'helper',
    grant_types: [JWT_BEARER, TOKEN_EXCHANGE],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: settings.client_auth,
    ...(settings.secret ? { client_secret: settings.secret } : {}),
    ...(settings.client_auth === 'private_key_jwt'
      ? { jwks: { keys: [published] }, token_endpoint_auth_signing_alg: 'ES256' } : {}),
  }],
  clientAuthMethods: ['none', settings.client_auth],
  enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'RS256'] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
  },
  scopes: ['models'],
  ttl: { ClientCredentials: settings.life },
});

const refused = (word) => (error) => {
  throw new errors.CustomOIDCProviderError(word, error.message);
};

async function grant(ctx, rest = {}) {
  const { client, params } = ctx.oidc;
  const token = new provider.ClientCredentials({ client, scope: params.scope });
  const value = await token.save();
  ctx.body = {
    access_token: value, token_type: 'Bearer', expires_in: token.expiration, ...rest,
  };
}

provider.registerGrantType(JWT_BEARER, async (ctx) => {
  await checkedOnce(ctx.oidc.params.assertion).catch(refused('invalid_grant'));
  await grant(ctx);
}, ['assertion', 'audience', 'resource', 'scope', 'requested_token_use'], ['audience', 'resource']);

provider.registerGrantType(TOKEN_EXCHANGE, async (ctx) => {
  const { params } = ctx.oidc;
  if (params.subject_token_type !== `${TYPE}jwt`) {
    throw new errors.CustomOIDCProviderError('invalid_request', 'subject_token_type is not jwt');
  }
  await checked(params.subject_token).catch(refused('invalid_request'));
  if (params.actor_token) await checked(params.actor_token).catch(refused('invalid_request'));
  if ([params.audience].flat().includes('unknown')) {
    throw new errors.CustomOIDCProviderError('invalid_target', 'no such audience');
  }
  if (params.requested_token_type === `${TYPE}jwt`) {
    // It says its end by itself.
    ctx.body = {
      access_token: await sign({ life: settings.life }),
      issued_token_type: `${TYPE}jwt`,
      token_type: 'N_A',
    };
    return;
  }
  await grant(ctx, { issued_token_type: `${TYPE}access_token` });
}, [
  'actor_token', 'actor_token_type', 'audience', 'requested_token_type', 'resource', 'scope',
  'subject_token', 'subject_token_type',
], ['audience', 'resource']);

// Anthropic's keys, and when they end.
const keys = new Map();

class Refusal extends Error {
  constructor(status, type, message) {
    super(message);
    Object.assign(this, { status, type });
  }
}

const text = async (ctx) => {
  let body = '';
  for await (const chunk of ctx.req) body += chunk;
  return body;
};

async function federate(ctx) {
  if (!ctx.is('json')) throw new Refusal(400, 'invalid_request_error', 'the body is not JSON');
  const asked = JSON.parse(await text(ctx));
  ctx.state.asked = asked;
  if (asked.grant_type !== JWT_BEARER) {
    throw new Refusal(400, 'invalid_request_error', 'another grant_type');
  }
  if (asked.federation_rule_id !== 'fdrl_made_up') {
    throw new Refusal(404, 'not_found_error', 'no such federation rule');
  }
  if (asked.organization_id !== '00000000-0000-4000-8000-000000000000') {
    throw new Refusal(403, 'permission_error', 'the rule is another organization\'s');
  }
  if (asked.service_account_id !== 'svac_made_up') {
    throw new Refusal(403, 'permission_error', 'the rule has no such service account');
  }
  await checkedOnce(asked.assertion).catch((error) => {
    throw new Refusal(401, 'authentication_error', error.message);
  });
  const key = `sk-ant-oat01-${randomUUID()}`;
  keys.set(key, Date.now() + settings.life * 1000);
  ctx.body = {
    access_token: key, token_type: 'Bearer', expires_in: settings.life, scope: 'user:inference',
  };
}

// GitHub Actions' own, for jobs.
async function job(ctx) {
  if (ctx.get('authorization') !== `Bearer ${settings.job_token}`) {
    throw new Refusal(403, 'permission_error', 'no job');
  }
  if (ctx.query['api-version'] !== '2.0') throw new Refusal(400, 'invalid', 'another version');
  const audience = ctx.query.audience ?? 'https://github.com/made-up';
  ctx.body = { count: 1, value: await sign({ audience, subject: 'repo:made-up/one' }) };
}

const own = { 'POST /v1/oauth/token': federate, 'GET /github/token': job };

// What the tests ask for beside the protocols.
const control = {
  'GET /issuer/jwks': () => ({ keys: [published] }),
  'GET /test/events': () => ({ events }),
  'GET /test/active': async (ctx) => {
    const { token } = ctx.query;
    const found = await provider.ClientCredentials.find(token);
    return { active: found ? found.isValid : (keys.get(token) ?? 0) > Date.now() };
  },
  'POST /test/token': async (ctx) => ({ token: await sign(ctx.query) }),
  // The next request for a token is answered so, before anybody looks at it.
  'POST /test/refuse': (ctx) => {
    const { status, body, header } = ctx.query;
    refusals.push({ status: Number(status), body, header });
  },
  // The next answer that grants something is lost: the connection breaks when it is there.
  'POST /test/lose': () => { losses += 1; },
};

provider.use(async (ctx, next) => {
  const answer = control[`${ctx.method} ${ctx.path}`];
  if (answer) {
    ctx.body = (await answer(ctx)) ?? {};
    return;
  }
  const refusal = refusals.shift();
  if (refusal) {
    ctx.status = refusal.status;
    ctx.body = refusal.body;
    ctx.type = refusal.body.startsWith('{') ? 'json' : 'html';
    if (refusal.header) ctx.set(...refusal.header.split(': '));
  } else {
    const handler = own[`${ctx.method} ${ctx.path}`];
    try {
      await (handler ? handler(ctx) : next());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      ctx.status = error.status;
      ctx.body = { type: 'error', error: { type: error.type, message: error.message } };
    }
  }
  const asked = ctx.oidc?.params ?? ctx.state.asked ?? {};
  const told = Object.entries(asked).filter(([name, value]) => value !== undefined
    && !['assertion', 'subject_token', 'actor_token', 'client_secret', 'client_assertion']
      .includes(name));
  events.push({
    path: ctx.path,
    status: ctx.status,
    error: ctx.body?.error?.type ?? ctx.body?.error,
    asked: Object.fromEntries(told),
    acts: asked.actor_token !== undefined,
  });
  if (losses > 0 && ctx.status === 200 && ctx.method === 'POST') {
    losses -= 1;
    ctx.respond = false;
    ctx.req.socket.destroy();
  }
});

// A connection that rests may be used again by a test on a busy machine.
provider.listen(settings.port, '127.0.0.1').keepAliveTimeout = 600_000;
