// SPDX-License-Identifier: MIT
// What the clients meet: whatever host they ask, its requests come here, are noted, and go on to the emulator, which
// checks their signatures and answers. Keys that are issued on the way get a name that says whose they are: two clients
// that assume one role with the same keys are not given the same keys.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');

const PLAIN_PORTS = [80, 8080];
const TLS_PORT = 443;

// "Credential=KEY/DATE/REGION/SERVICE/aws4_request"; a key has no slash here.
function scopeOf(authorization) {
  const parts = /Credential=([^,]+)/.exec(authorization ?? '')?.[1].split('/');
  return parts?.length === 5 ? { key: parts[0], region: parts[2], service: parts[3] } : undefined;
}

// A session's name that a client has made up is none.
const sessionOf = (name) => (name && !/^(aws-sdk-js|personalizefs|botocore)-/.test(name) ? ` as ${name}` : '');

class World {
  constructor(emulatorUrl, directory) {
    this.emulator = new URL(emulatorUrl);
    this.names = new Map();
    this.requests = [];
    this.servers = PLAIN_PORTS.map((port) => [port, http.createServer()]);
    const tls = { key: fs.readFileSync(`${directory}/tls.key`), cert: fs.readFileSync(`${directory}/tls.pem`) };
    this.servers.push([TLS_PORT, https.createServer(tls)]);
    for (const [, server] of this.servers) server.on('request', (request, response) => this.serve(request, response));
  }

  async listen() {
    for (const [port, server] of this.servers)
      await new Promise((resolve, reject) => server.once('error', reject).listen(port, '::', resolve));
  }

  // The emulator's control path.
  async control(what, body) {
    const answer = await this.ask({ method: body === undefined ? 'GET' : 'POST', path: `/_control/${what}` }, body ?? '');
    if (answer.status !== 200) throw new Error(`control ${what}: ${answer.body}`);
    return answer.body.toString();
  }

  ask(options, body) {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.emulator;
      const request = http.request({ hostname, port, ...options }, async (response) => {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  async serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method, url: path, headers } = request;
    const scope = scopeOf(headers.authorization);
    const seen = { method, path, ...scope, endpoint: `${request.socket.encrypted ? 'https' : 'http'}://${headers.host}` };
    this.requests.push(seen);
    let answer;
    try {
      answer = await this.ask({ method, path, headers }, body);
    } catch {
      response.destroy(); // as the emulator's own connection was
      return;
    }
    seen.status = answer.status;
    this.learn(seen, headers, new URLSearchParams(body.toString()), answer.body.toString());
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  }

  nameOf(key) {
    return this.names.get(key) ?? key;
  }

  // Names the keys that an answer has.
  learn(seen, headers, form, text) {
    const key = /AccessKeyId"?(?:>|"?:\s*")([^<"]+)/i.exec(text)?.[1];
    if (!key || seen.status !== 200) return;
    const [path, query] = seen.path.split('?');
    const asked = new URLSearchParams(query);
    let name = `${path} of ${seen.endpoint}`;
    if (form.get('Action') === 'AssumeRole')
      name = `role ${form.get('RoleArn')}${sessionOf(form.get('RoleSessionName'))}, assumed by (${this.nameOf(seen.key)})`;
    else if (form.get('Action') === 'AssumeRoleWithWebIdentity')
      name = `role ${form.get('RoleArn')}${sessionOf(form.get('RoleSessionName'))}, for a web identity`;
    else if (path === '/federation/credentials')
      name = `role ${asked.get('role_name')} of SSO in ${asked.get('account_id')}`;
    if (form.get('ExternalId')) name += `, external id ${form.get('ExternalId')}`;
    if (form.get('DurationSeconds') && form.get('DurationSeconds') !== '3600') name += `, for ${form.get('DurationSeconds')} s`;
    this.names.set(key, name);
  }

  // What Personalize was asked last since `mark`, and answered: whose keys, which region, which endpoint.
  used(mark) {
    const asked = this.requests.slice(mark).filter((seen) => seen.service === 'personalize' && seen.status === 200);
    const last = asked.pop();
    return last && { key: this.nameOf(last.key), region: last.region, endpoint: last.endpoint + (last.path === '/' ? '' : last.path) };
  }
}

module.exports = { World };
