# SPDX-License-Identifier: MIT
"""Which keys and which region botocore finds: for each line of JSON, one of JSON.

in:  {"environment": {"AWS_…": "…"}, "given": {"profile": "…" or nothing}}
out: {"key": "AKIA…" or null, "region": "…" or null} or {"failed": "…"}
"""

import json
import os
import sys

import awscli  # its own botocore comes with it

from botocore.credentials import SSOProvider
from botocore.session import Session
from botocore.tokens import SSOTokenProvider

inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def find(case):
    os.environ.clear()
    os.environ.update(inherited)
    os.environ.update(case["environment"])
    # Found once, when it is imported.
    for provider in SSOProvider, SSOTokenProvider:
        provider._SSO_TOKEN_CACHE_DIR = os.path.expanduser("~/.aws/sso/cache")
    session = Session(profile=case["given"].get("profile"))
    credentials = session.get_credentials()
    if credentials is None:
        return {"failed": "no credentials"}
    return {
        "key": credentials.get_frozen_credentials().access_key,
        "region": session.get_config_variable("region"),
    }


for line in sys.stdin:
    try:
        answer = find(json.loads(line))
    except Exception as error:  # whatever it is, it is how botocore fails
        answer = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
