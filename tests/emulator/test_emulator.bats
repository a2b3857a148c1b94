#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The emulator as a program: real clients, TLS, faults as they arrive, many requests at once.
# EMULATOR is the program's path.

bats_require_minimum_version 1.5.0

export AWS_ACCESS_KEY_ID=AKIAEMULATOREXAMPLE AWS_SECRET_ACCESS_KEY=emulator/secret+key/EXAMPLE
export AWS_DEFAULT_REGION=us-west-2 AWS_PAGER='' AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
arn=arn:aws:personalize:us-west-2:123456789012:batch-inference-job

start() {
    # shellcheck disable=SC2153 # given by who runs this
    "$EMULATOR" --url-file "$BATS_TEST_TMPDIR/url" "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    emulator=$!
    for _ in $(seq 100); do
        [ -e "$BATS_TEST_TMPDIR/url" ] && break
        sleep 0.05
    done
    url=$(cat "$BATS_TEST_TMPDIR/url")
}

# It ends well, and has said nothing but where it listens: no sanitizer's report, no complaint.
teardown() {
    [ -n "${emulator:-}" ] || return 0
    kill "$emulator"
    wait "$emulator"
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = "listening on $url" ]
}

control() { # PATH [BODY]: GET without a body
    if [ $# = 1 ]; then curl -sSkf "$url/_control/$1"; else printf '%b' "$2" | curl -sSkf --data-binary @- "$url/_control/$1"; fi
}

describe() { # NAME [CURL OPTIONS]
    local name=$1
    shift
    curl -sS -m 5 --aws-sigv4 aws:amz:us-west-2:personalize --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
        -H 'Content-Type: application/x-amz-json-1.1' -H 'X-Amz-Target: AmazonPersonalize.DescribeBatchInferenceJob' \
        --data "{\"batchInferenceJobArn\":\"$arn/$name\"}" "$@" "$url/"
}

# The Debian package's client; another of that name may come first in PATH.
awscli() {
    [ -x /usr/bin/aws ] || skip "awscli is not installed"
    /usr/bin/aws --endpoint-url "$url" --output json "$@"
}

@test "it says where it listens and ends at SIGTERM with requests hanging" {
    start
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = "listening on $url" ]
    control fault 'kind=hang'
    describe nightly-2026-11-22 >/dev/null 2>&1 3>&- &
    for _ in $(seq 50); do
        control requests | grep -q hang && break
        sleep 0.05
    done
    kill -TERM "$emulator"
    wait "$emulator"
    emulator=
}

@test "wrong use is said and exits 2" {
    for bad in '--nothing 1' '--port' '--port 70000' '--account 12' '--listen 0.0.0.0x' '--name-prefix a/b' \
        '--region us-west-2,' '--region us-west-2,us-west-2' '--region US' \
        '--newest-day 2026-02-30' '--tls-key /dev/null'; do
        # shellcheck disable=SC2086 # words are wanted
        run -2 "$EMULATOR" $bad || run -1 "$EMULATOR" $bad
        [ -n "$output" ]
    done
    run -1 "$EMULATOR" --listen 192.0.2.1
    [[ $output == *"no loopback address"* ]]
}

@test "awscli lists every job and describes each" {
    start --jobs 40 --stuck 4 --page-size 7 --lifetime-s 1000
    awscli personalize list-batch-inference-jobs >"$BATS_TEST_TMPDIR/list"
    python3 - "$BATS_TEST_TMPDIR/list" <(control jobs) <<'EOF'
import json, sys
listed = [job["jobName"] for job in json.load(open(sys.argv[1]))["batchInferenceJobs"]]
names = open(sys.argv[2]).read().split()
assert sorted(listed) == sorted(names) and len(set(listed)) == 40, listed
EOF
    for name in $(control jobs | head -12); do
        awscli personalize describe-batch-inference-job --batch-inference-job-arn "$arn/$name" \
            >"$BATS_TEST_TMPDIR/job"
        python3 - "$BATS_TEST_TMPDIR/job" "$BATS_TEST_TMPDIR/list" "$name" <<'EOF'
import json, sys
job = json.load(open(sys.argv[1]))["batchInferenceJob"]
item = [item for item in json.load(open(sys.argv[2]))["batchInferenceJobs"] if item["jobName"] == sys.argv[3]][0]
assert all(job[key] == value for key, value in item.items()), (job, item)
EOF
    done
    control counts | grep -qx 'DescribeBatchInferenceJob 12'
    control counts | grep -qx 'rejected 0'
}

@test "awscli creates a job, and gets the service's errors" {
    start
    awscli personalize create-batch-inference-job --job-name made --role-arn arn:aws:iam::123456789012:role/r \
        --solution-version-arn arn:aws:personalize:us-west-2:123456789012:solution/a/b \
        --job-input 's3DataSource={path=s3://a/b}' --job-output 's3DataDestination={path=s3://a/c/}'
    awscli personalize describe-batch-inference-job --batch-inference-job-arn "$arn/made" | grep '"PENDING"'
    run -254 awscli personalize describe-batch-inference-job --batch-inference-job-arn "$arn/nothing"
    [[ $output == *"(ResourceNotFoundException)"* ]]
    AWS_SECRET_ACCESS_KEY=wrong run -254 awscli personalize list-batch-inference-jobs
    [[ $output == *"(InvalidSignatureException)"* ]]
    AWS_ACCESS_KEY_ID=AKIAWRONG run -254 awscli personalize list-batch-inference-jobs
    [[ $output == *"(UnrecognizedClientException)"* ]]
    AWS_SESSION_TOKEN=wrong run -254 awscli personalize list-batch-inference-jobs
    [[ $output == *"(UnrecognizedClientException)"* ]]
    control set 'session_token=right'
    AWS_SESSION_TOKEN=right awscli personalize list-batch-inference-jobs >/dev/null
    control set 'session_token=\nclock_offset_s=-7200'
    run -254 awscli personalize list-batch-inference-jobs
    [[ $output == *"Signature not yet current"* ]]
}

@test "each fault arrives as what it is" {
    start
    name=nightly-2026-11-11
    whole=$(describe $name | wc -c)
    fault() { control fault "$1\njob=$name\ncount=1"; }
    check() { run "-$1" describe $name -o "$BATS_TEST_TMPDIR/body" -w '%{http_code}' "${@:2}"; }
    got() { stat -c %s "$BATS_TEST_TMPDIR/body"; }

    fault kind=hang; check 28 -m 0.3
    fault kind=reset; check 56
    fault kind=reset-body; check 56
    [ "$(got)" = $((whole / 2)) ]
    fault kind=truncate; check 18
    [ "$(got)" = $((whole / 2)) ]
    fault kind=slow; check 28 -m 1.5
    [ "$(got)" -le 2 ]
    fault kind=endless; check 28 -m 0.3
    [ "$(got)" -gt 100000 ]
    fault kind=huge-headers; check 27
    fault kind=many-headers; check 0 -w '%{size_header}'
    [ "$output" -gt 200000 ]
    [ "$(got)" = "$whole" ]
    fault kind=redirect=http://127.0.0.1:1/; check 0
    [ "$output" = 302 ]
    fault kind=status=504; check 0
    [ "$output" = 504 ]
    fault kind=throttle; check 0
    [ "$output" = 400 ]
    grep -q ThrottlingException "$BATS_TEST_TMPDIR/body"
    fault kind=code=AccessDeniedException:403; check 0
    [ "$output" = 403 ]
    fault kind=html; check 0
    grep -qi '<!doctype html>' "$BATS_TEST_TMPDIR/body"
    fault kind=empty; check 0
    [ "$output" = 200 ]
    [ "$(got)" = 0 ]
    fault kind=empty-object; check 0
    [ "$(cat "$BATS_TEST_TMPDIR/body")" = '{}' ]
    fault kind=not-json; check 0
    grep -q ':ACTIVE' "$BATS_TEST_TMPDIR/body"
    fault 'kind=body=[1,2]'; check 0
    [ "$(cat "$BATS_TEST_TMPDIR/body")" = '[1,2]' ]
    fault kind=latency=300; check 0 -w '%{time_total}'
    awk "BEGIN { exit !(0.29 < $output && $output < 2) }"
    fault kind=reset-after; check 0
    [ "$(got)" = "$whole" ]
    check 0
    [ "$output" = 200 ]
    [ "$(got)" = "$whole" ]
    control counts | grep -qx 'faulted 19'
}

@test "requests that hang or wait hold nobody up, and are released" {
    start --latency-ms 2000
    control fault 'kind=hang\njob=nightly-2026-11-11'
    for i in 1 2 3 4 5; do
        describe nightly-2026-11-11 -m 100 >"$BATS_TEST_TMPDIR/hung.$i" 2>&1 3>&- &
        hung+=($!)
    done
    begin=$(date +%s%N)
    for i in $(seq 20); do
        describe nightly-2026-11-12 >"$BATS_TEST_TMPDIR/answer.$i" 3>&- &
        waiting+=($!)
    done
    for pid in "${waiting[@]}"; do wait "$pid"; done
    took_ms=$((($(date +%s%N) - begin) / 1000000))
    [ "$took_ms" -ge 2000 ]
    [ "$took_ms" -lt 20000 ] # one after another they would take twice that
    grep -q '"batchInferenceJob"' "$BATS_TEST_TMPDIR/answer.20"
    for pid in "${hung[@]}"; do kill -0 "$pid"; done
    control clear-faults ''
    for pid in "${hung[@]}"; do run ! wait "$pid"; done
    grep -q 'Empty reply' "$BATS_TEST_TMPDIR/hung.1"
}

@test "a client that gives up leaves no connection behind" {
    start
    control fault kind=hang
    before=$(ls "/proc/$emulator/fd" | wc -l)
    for _ in 1 2 3; do run -28 describe nightly-2026-11-11 -m 0.2; done
    sleep 2.5
    [ "$(ls "/proc/$emulator/fd" | wc -l)" -le "$before" ]
}

@test "awscli asks who it is, and is told what is wrong" {
    start --region us-west-2,eu-west-1
    [ "$(awscli sts get-caller-identity | python3 -c 'import json, sys; print(json.load(sys.stdin)["Account"])')" = 123456789012 ]
    AWS_DEFAULT_REGION=eu-west-1 awscli sts get-caller-identity | grep -q user/emulator
    AWS_SECRET_ACCESS_KEY=wrong run -254 awscli sts get-caller-identity
    [[ $output == *"(SignatureDoesNotMatch)"* ]]
    AWS_ACCESS_KEY_ID=AKIAWRONG run -254 awscli sts get-caller-identity
    [[ $output == *"(InvalidClientTokenId)"* ]]
    AWS_DEFAULT_REGION=ap-south-1 run -254 awscli sts get-caller-identity
    [[ $output == *"(SignatureDoesNotMatch)"* ]]
    control counts | grep -qx 'GetCallerIdentity 5'
}

@test "each region has jobs of its own" {
    start --region us-west-2,eu-west-1 --jobs 30
    control 'job?region=eu-west-1' 'only-here\nstatus="ACTIVE"'
    AWS_DEFAULT_REGION=eu-west-1 awscli personalize list-batch-inference-jobs |
        sed -n 's/.*"batchInferenceJobArn": "\(.*\)".*/\1/p' >"$BATS_TEST_TMPDIR/arns"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/arns")" = 31 ]
    [ "$(grep -c "^${arn/us-west-2/eu-west-1}/" "$BATS_TEST_TMPDIR/arns")" = 31 ]
    AWS_DEFAULT_REGION=eu-west-1 awscli personalize describe-batch-inference-job \
        --batch-inference-job-arn "${arn/us-west-2/eu-west-1}/only-here" | grep -q '"ACTIVE"'
    run -254 awscli personalize describe-batch-inference-job --batch-inference-job-arn "$arn/only-here"
    [[ $output == *"(ResourceNotFoundException)"* ]]
}

@test "TLS" {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost \
        -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout "$BATS_TEST_TMPDIR/key" \
        -out "$BATS_TEST_TMPDIR/cert" 2>/dev/null
    start --tls-cert "$BATS_TEST_TMPDIR/cert" --tls-key "$BATS_TEST_TMPDIR/key"
    [[ $url == https://* ]]
    describe nightly-2026-11-11 --cacert "$BATS_TEST_TMPDIR/cert" | grep -q '"batchInferenceJob"'
    control fault 'kind=reset\ncount=1'
    run -56 describe nightly-2026-11-11 --cacert "$BATS_TEST_TMPDIR/cert"
    run -60 describe nightly-2026-11-11
    run -22 control fault kind=huge-headers
}

@test "100,000 jobs are there at once" {
    begin=$(date +%s%N)
    start --jobs 100000
    [ $((($(date +%s%N) - begin) / 1000000)) -lt 2000 ]
    [ "$(control jobs | sort -u | wc -l)" = 100000 ]
}
