// SPDX-License-Identifier: MIT
// The status of a job by the AWS SDK for JavaScript and its node provider chain: for each line of JSON, one of JSON.
//
// in:  {"environment": {"AWS_…": "…"}, "given": {profile, region, endpoint}, "account": "…", "job": "…"}
// out: {"status": "…"} or {"failed": "…"}
'use strict';

const { createInterface } = require('node:readline');
const { fromNodeProviderChain } = require('@aws-sdk/credential-providers');
const { DescribeBatchInferenceJobCommand, PersonalizeClient } = require('@aws-sdk/client-personalize');

console.warn = () => {}; // what it thinks of Node.js' version and of the configuration

function setEnvironment(environment) {
  for (const name of Object.keys(process.env)) if (/^(AWS_|HOME$)/.test(name)) delete process.env[name];
  Object.assign(process.env, environment);
}

const partitionOf = (region) => (region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws');

async function status({ environment, given: { profile, region, endpoint }, account, job }) {
  setEnvironment(environment);
  let client;
  try {
    client = new PersonalizeClient({ profile, region, endpoint, credentials: fromNodeProviderChain({ profile }) });
    const from = await client.config.region();
    const arn = `arn:${partitionOf(from)}:personalize:${from}:${account}:batch-inference-job/${job}`;
    const answer = await client.send(new DescribeBatchInferenceJobCommand({ batchInferenceJobArn: arn }));
    return { status: answer.batchInferenceJob.status };
  } catch (error) {
    return { failed: `${error.name}: ${error.message}` };
  } finally {
    client?.destroy();
  }
}

(async () => {
  for await (const line of createInterface({ input: process.stdin }))
    process.stdout.write(JSON.stringify(await status(JSON.parse(line))) + '\n');
})();
