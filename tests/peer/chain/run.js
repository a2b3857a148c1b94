// SPDX-License-Identifier: MIT
// Gives every configuration of cases.js to the AWS SDK for JavaScript and to the mount, and says where they differ.
//
//   run.js DIRECTORY [SHARDS [PATTERN]]
//
// PERSONALIZEFS and EMULATOR are the programs. Each shard has a network of its own (see network), takes every SHARDS-th
// case, and leaves a line of JSON for each in DIRECTORY. Prints how many are the same, fail with both, differ in a way that
// allowed.js allows, by kind, and differ; status 1 where one does.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { account, cases, keys, regions, roles, webToken, sso } = require('./cases');
const { kinds, kindOf } = require('./allowed');

const hostPrefixes = ['personalize', 'personalize-fips', 'sts', 'portal.sso', 'oidc'];
const suffixesOf = (region) => (region.startsWith('cn-') ? ['amazonaws.com.cn', 'api.amazonwebservices.com.cn'] : ['amazonaws.com', 'api.aws']);
const hosts = regions.flatMap((region) =>
  suffixesOf(region).flatMap((suffix) => hostPrefixes.map((prefix) => `${prefix}.${region}.${suffix}`)));

// A certificate for all of them, and the table of hosts.
function prepare(directory) {
  fs.writeFileSync(`${directory}/hosts`, `127.0.0.1 localhost\n::1 localhost\n${hosts.map((host) => `127.0.0.1 ${host}\n`).join('')}`);
  const names = hosts.map((host) => `DNS:${host}`).join(',');
  const made = spawnSync('openssl', [
    'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=everything', '-addext', `subjectAltName=${names}`,
    '-keyout', `${directory}/tls.key`, '-out', `${directory}/tls.pem`,
  ]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
}

// A case's home, its place filled in everywhere.

const fill = (value, home) =>
  typeof value === 'string' ? value.replaceAll('$HOME', home)
    : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fill(one, home)]))
      : value;

function iniOf(file) {
  if (typeof file === 'string') return file;
  const line = ([name, value]) =>
    value && typeof value === 'object' ? `${name} =\n${Object.entries(value).map(([n, v]) => `  ${n} = ${v}\n`).join('')}` : `${name} = ${value}\n`;
  const lines = (properties) => Object.entries(properties).filter(([, value]) => value !== undefined).map(line).join('');
  return Object.entries(file).filter(([, properties]) => properties).map(([name, properties]) => `[${name}]\n${lines(properties)}`).join('');
}

function makeHome(one, directory) {
  const home = path.join(directory, 'home');
  const files = { ...one.files };
  if (one.config !== undefined) files['.aws/config'] = iniOf(one.config);
  if (one.credentials !== undefined) files['.aws/credentials'] = iniOf(one.credentials);
  fs.mkdirSync(home, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) continue;
    const file = path.join(home, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, fill(typeof content === 'function' ? content(Date.now()) : content, home));
  }
  const environment = Object.entries(fill({ HOME: home, ...one.environment }, home)).filter(([, value]) => value !== undefined);
  return { environment: Object.fromEntries(environment), given: one.given };
}

// One shard

async function tellEmulator(world, one) {
  const answers = [`container_token=`, `instance_role=instance`, `sso_token=${sso.token}`, `sso_refresh_token=${sso.refresh}`,
    `sso_client_id=client`, `sso_client_secret=${sso.client}`];
  await world.control('clear-faults', '');
  await world.control('set', answers.join('\n'));
  for (const [what, body] of one.emulator ?? []) await world.control(what, body);
}

async function startWorld(directory) {
  const { World } = require('./world');
  const url = path.join(directory, 'url');
  const options = ['--port', '0', '--url-file', url, '--jobs', '1', '--running', '0', '--account', account, '--region', regions.join(',')];
  const emulator = spawn(process.env.EMULATOR, options, { stdio: ['ignore', 'ignore', 'inherit'] });
  while (!fs.existsSync(url) || !fs.readFileSync(url).length) await new Promise((resolve) => setTimeout(resolve, 10));
  const world = new World(fs.readFileSync(url, 'utf8').trim(), path.dirname(directory));
  await world.listen();
  for (const { id, secret, token } of keys)
    await world.control('key', `access_key=${id}\nsecret_key=${secret}\n${token ? `session_token=${token}\n` : ''}`);
  for (const role of roles) await world.control('role', `${role}\nweb_identity_token=${webToken}`);
  return { emulator, world, job: (await world.control('jobs')).split('\n')[0] };
}

// What a client came to, and what it used for that.
async function outcome(world, ask, run) {
  const mark = world.requests.length;
  const answer = await ask(run);
  return answer.failed === undefined ? { ...answer, ...world.used(mark) } : answer;
}

async function shard(directory, number, count, pattern) {
  const { sdk, botocore, mountStatus } = require('./clients');
  const { emulator, world, job } = await startWorld(directory);
  const mine = cases.filter(({ name }) => name.includes(pattern)).filter((_, i) => i % count === number);
  const ca = { AWS_CA_BUNDLE: path.join(path.dirname(directory), 'tls.pem') };
  const as = async (client, one, environment, ask) => {
    await tellEmulator(world, one);
    const run = { directory: path.join(directory, client), account, job };
    fs.rmSync(run.directory, { recursive: true, force: true });
    Object.assign(run, makeHome(one, run.directory));
    Object.assign(run.environment, environment);
    return outcome(world, ask, run);
  };
  for (const [i, one] of mine.entries()) {
    if (one.forgets) sdk.end();
    const result = { name: one.name };
    // The SDK keeps what it has read of a file, by its path.
    result.sdk = await as(`sdk${i}`, one, {}, (run) => sdk.ask(run));
    result.mount = await as('mount', one, ca, mountStatus);
    result.verdict = verdict(result);
    if (result.verdict === 'different') {
      const found = await as('botocore', one, ca, (run) => botocore.ask(run));
      result.botocore = found.failed === undefined ? { ...found, key: world.nameOf(found.key) } : found;
      result.kind = kindOf(one, result);
    }
    fs.appendFileSync(path.join(directory, 'results'), `${JSON.stringify(result)}\n`);
  }
  sdk.end();
  botocore.end();
  emulator.kill();
  process.exit(0); // the servers' connections are of no use to anybody
}

function verdict({ sdk, mount }) {
  if (sdk.failed !== undefined || mount.failed !== undefined)
    return sdk.failed !== undefined && mount.failed !== undefined ? 'both fail' : 'different';
  return ['status', 'key', 'region', 'endpoint'].every((what) => sdk[what] && sdk[what] === mount[what]) ? 'same' : 'different';
}

// All of them

async function main(directory, count, pattern) {
  prepare(directory);
  const ends = Array.from({ length: count }, (_, i) => {
    const own = path.join(directory, `shard${i}`);
    fs.mkdirSync(own);
    const command = [directory, process.execPath, __filename, '--shard', own, i, count, pattern];
    const environment = { ...process.env, NODE_EXTRA_CA_CERTS: `${directory}/tls.pem` };
    return once(spawn(path.join(__dirname, 'network'), command, { stdio: 'inherit', env: environment }), 'close');
  });
  const statuses = (await Promise.all(ends)).map(([status]) => status);
  const results = Array.from({ length: count }, (_, i) => path.join(directory, `shard${i}`, 'results'))
    .filter((file) => fs.existsSync(file))
    .flatMap((file) => fs.readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line)));
  const of = (filter) => results.filter(filter).length;
  console.log(`${results.length} configurations`);
  for (const what of ['same', 'both fail']) console.log(`${what}: ${of((one) => one.verdict === what)}`);
  console.log(`allowed: ${of((one) => one.kind)}`);
  for (const kind of Object.keys(kinds)) console.log(`  ${of((one) => one.kind === kind)} ${kind}`);
  const different = results.filter((one) => one.verdict === 'different' && !one.kind);
  console.log(`different: ${different.length}`);
  for (const one of different) console.log(JSON.stringify(one, null, 2));
  process.exitCode = different.length || statuses.some(Boolean) ? 1 : 0;
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--shard') shard(rest[0], Number(rest[1]), Number(rest[2]), rest[3]);
else main(path.resolve(first), Number(rest[0] ?? 2), rest[1] ?? '');
