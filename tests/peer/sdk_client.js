// SPDX-License-Identifier: MIT
// What the AWS SDK for JavaScript reads from the service, as files.
//
//   sdk_client.js describe URL REGION OUT   for each ARN on standard input:
//     OUT/raw/NAME              the answer's own bytes, taken before the SDK looks at them
//     OUT/tree/NAME/PATH        each documented member as the mount should show it: escaped, times in UTC, an empty
//                               file where the SDK has none
//     OUT/numbers               a line for each number that the SDK has made a double of: NAME/PATH and the double
//   sdk_client.js list URL REGION           the ARNs of all jobs, by the SDK's paginator
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const personalize = require('@aws-sdk/client-personalize');

const text = (value) => value;
const time = (value) => value.toISOString();

// The documented members: where the mount has them, where the SDK, and how it is written.
const fields = [
  ['jobName', (job) => job.jobName, text],
  ['batchInferenceJobArn', (job) => job.batchInferenceJobArn, text],
  ['status', (job) => job.status, text],
  ['numResults', (job) => job.numResults, String],
  ['failureReason', (job) => job.failureReason, text],
  ['solutionVersionArn', (job) => job.solutionVersionArn, text],
  ['filterArn', (job) => job.filterArn, text],
  ['roleArn', (job) => job.roleArn, text],
  ['batchInferenceJobMode', (job) => job.batchInferenceJobMode, text],
  ['creationDateTime', (job) => job.creationDateTime, time],
  ['lastUpdatedDateTime', (job) => job.lastUpdatedDateTime, time],
  ['jobInput/path', (job) => job.jobInput?.s3DataSource?.path, text],
  ['jobInput/kmsKeyArn', (job) => job.jobInput?.s3DataSource?.kmsKeyArn, text],
  ['jobOutput/path', (job) => job.jobOutput?.s3DataDestination?.path, text],
  ['jobOutput/kmsKeyArn', (job) => job.jobOutput?.s3DataDestination?.kmsKeyArn, text],
  [
    'themeGenerationConfig/fieldsForThemeGeneration/itemName',
    (job) => job.themeGenerationConfig?.fieldsForThemeGeneration?.itemName,
    text,
  ],
];

const octal = (byte) => '\\0' + byte.toString(8).padStart(3, '0');
const short = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\\': '\\\\' };
const control = /[\u0000-\u001f\u007f-\u009f]/g;

function escape(value) {
  return value.replace(/[\u0000-\u001f\u007f-\u009f\\]/g, (c) => short[c] ?? [...Buffer.from(c)].map(octal).join(''));
}

// A key as a file's name; the keys compared here are short, and none comes out like another.
function fileName(key) {
  const percent = (c) => [...Buffer.from(c)].map((byte) => '%' + byte.toString(16).toUpperCase().padStart(2, '0')).join('');
  return key === '' ? '%' : key.replace(/[%/]/g, percent).replace(control, percent).replace(/^\./, percent);
}

function writeFile(file, value) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, value === undefined || value === null ? '' : escape(value) + '\n');
}

// The bytes of each answer, before the SDK's deserializer has them.
function keepBodies(client) {
  const kept = {};
  client.middlewareStack.add(
    (next) => async (call) => {
      const result = await next(call);
      const chunks = [];
      for await (const chunk of result.response.body) chunks.push(chunk);
      kept.body = Buffer.concat(chunks);
      result.response.body = Readable.from([kept.body]);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'keepBodies' },
  );
  return kept;
}

async function describe(client, out) {
  const kept = keepBodies(client);
  const numbers = [];
  fs.mkdirSync(path.join(out, 'raw'), { recursive: true });
  for (const arn of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const command = new personalize.DescribeBatchInferenceJobCommand({ batchInferenceJobArn: arn });
    const job = (await client.send(command)).batchInferenceJob;
    const name = arn.split('/')[1];
    const tree = path.join(out, 'tree', name);
    fs.writeFileSync(path.join(out, 'raw', name), kept.body);
    for (const [file, member, write] of fields) {
      const value = member(job);
      writeFile(path.join(tree, file), value === undefined || value === null ? value : write(value));
    }
    const config = job.batchInferenceJobConfig;
    for (const [key, value] of Object.entries(config?.itemExplorationConfig ?? {}))
      writeFile(path.join(tree, 'batchInferenceJobConfig/itemExplorationConfig', fileName(key)), value);
    for (const [key, value] of Object.entries(config?.rankingInfluence ?? {}))
      numbers.push(`${name}/batchInferenceJobConfig/rankingInfluence/${fileName(key)} ${value}\n`);
  }
  fs.writeFileSync(path.join(out, 'numbers'), numbers.join(''));
}

async function list(client) {
  for await (const page of personalize.paginateListBatchInferenceJobs({ client, pageSize: 9 }, {}))
    for (const job of page.batchInferenceJobs) console.log(job.batchInferenceJobArn);
}

const [what, endpoint, region, out] = process.argv.slice(2);
const client = new personalize.PersonalizeClient({ endpoint, region });
({ describe, list })[what](client, out).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
