// SPDX-License-Identifier: MIT
// The clients, each asked for one job's status in a given environment.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { createInterface } = require('node:readline');

// A program that answers a line of JSON with one.
class Program {
  constructor(...command) {
    this.command = command;
  }

  async ask(question) {
    if (!this.child) {
      this.child = spawn(this.command[0], this.command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
      this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    }
    this.child.stdin.write(JSON.stringify(question) + '\n');
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.command.join(' ')} ended`);
    return JSON.parse(value);
  }

  end() {
    this.child?.stdin.end();
    this.child = undefined;
  }
}

const sdk = new Program(process.execPath, path.join(__dirname, 'sdk_status.js'));
const botocore = new Program('/usr/bin/python3', path.join(__dirname, 'botocore_keys.py'));

function mountStart(run, mountpoint) {
  const { profile, region, endpoint } = run.given;
  const options = Object.entries({ 'account-id': run.account, profile, region, 'endpoint-url': endpoint, timeout: '10s' });
  const given = options.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value}`);
  const environment = { PATH: process.env.PATH, ...run.environment };
  const child = spawn(process.env.PERSONALIZEFS, ['-f', '-o', given.join(','), mountpoint], { env: environment });
  const mount = { child, log: '' };
  mount.ended = new Promise((resolve) => child.on('close', resolve));
  mount.serves = new Promise((resolve) => {
    child.stderr.on('data', (data) => {
      mount.log += data;
      if (mount.log.includes(` is mounted on ${mountpoint} `)) resolve(true);
    });
    mount.ended.then(() => resolve(false));
  });
  return mount;
}

async function mountStatus(run) {
  const mountpoint = path.join(run.directory, 'mnt');
  fs.mkdirSync(mountpoint);
  const mount = mountStart(run, mountpoint);
  let status;
  if (await mount.serves) {
    try {
      status = (await fs.promises.readFile(path.join(mountpoint, run.job, 'status'), 'utf8')).trimEnd();
    } catch {
      // the log says why
    }
  }
  mount.child.kill('SIGTERM');
  await mount.ended;
  if (/emulator.secret|AddressSanitizer|runtime error/.test(mount.log)) throw new Error(`in the log:\n${mount.log}`);
  return status ? { status } : { failed: mount.log.replace(/personalizefs: /g, '').trimEnd() };
}

module.exports = { sdk, botocore, mountStatus };
