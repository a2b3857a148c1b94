#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What Debian's awscli reads from the service, as a tree of files like the mount's.

  client.py describe URL REGION OUT   for each ARN on standard input OUT/NAME.json, in the form of
                                      `aws … --output json`, and OUT/NAME.raw, the answer's own bytes
  client.py explode TREE FILE…        answers in that form to TREE/NAME/FIELD: the string's bytes and nothing else, no
                                      file where the answer has no such member; times cut to milliseconds

One process with awscli's botocore reads all jobs: `aws` itself takes half a second for each.
"""

import datetime
import json
import os
import sys

# The fields that the client's model knows: where the mount has them, and the API.
FIELDS = {
    "jobName": "jobName",
    "batchInferenceJobArn": "batchInferenceJobArn",
    "status": "status",
    "numResults": "numResults",
    "failureReason": "failureReason",
    "solutionVersionArn": "solutionVersionArn",
    "filterArn": "filterArn",
    "roleArn": "roleArn",
    "creationDateTime": "creationDateTime",
    "lastUpdatedDateTime": "lastUpdatedDateTime",
    "jobInput/path": "jobInput.s3DataSource.path",
    "jobInput/kmsKeyArn": "jobInput.s3DataSource.kmsKeyArn",
    "jobOutput/path": "jobOutput.s3DataDestination.path",
    "jobOutput/kmsKeyArn": "jobOutput.s3DataDestination.kmsKeyArn",
}


def describe(url, region, out):
    # The client is the one inside of awscli: Debian's `aws` is no user of a botocore of its own.
    from awscli.botocore.session import Session

    session = Session()
    client = session.create_client("personalize", region_name=region, endpoint_url=url)
    raw = {}
    client.meta.events.register(
        "response-received.personalize.DescribeBatchInferenceJob",
        lambda response_dict, **_: raw.update(body=response_dict["body"]),
    )
    for arn in sys.stdin.read().split():
        answer = client.describe_batch_inference_job(batchInferenceJobArn=arn)
        name = arn.rsplit("/", 1)[1]
        with open(os.path.join(out, name + ".raw"), "wb") as file:
            file.write(raw.pop("body"))
        answer.pop("ResponseMetadata")
        with open(os.path.join(out, name + ".json"), "w", encoding="ascii") as file:
            json.dump(answer, file, default=lambda time: time.isoformat())


def milliseconds(text):
    """An instant, whatever precision and zone it was printed with, cut to milliseconds."""
    time = datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def member(job, path):
    for name in path.split("."):
        job = job.get(name) if job is not None else None
    return job


def explode(tree, *files):
    for name in files:
        with open(name, encoding="utf-8") as file:
            job = json.load(file)["batchInferenceJob"]
        for field, path in FIELDS.items():
            value = member(job, path)
            target = os.path.join(tree, job["jobName"], field)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if value is not None:
                with open(target, "wb") as file:
                    file.write((milliseconds(value) if field.endswith("DateTime") else str(value)).encode())


if __name__ == "__main__":
    {"describe": describe, "explode": explode}[sys.argv[1]](*sys.argv[2:])
