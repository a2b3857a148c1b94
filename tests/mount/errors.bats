#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Each failure as the user sees it, its line in the log, and that it passes.
# shellcheck disable=SC2154,SC2030,SC2031 # lib.bash's variables, and those of bats' subshells
# shellcheck disable=SC2012 # jobs' names are plain
bats_require_minimum_version 1.5.0
load lib.bash

CALLER=${CALLER:-$(dirname "$(dirname "$EMULATOR")")/mount/caller}

setup() { common_setup; }
teardown() { common_teardown; }

# fails TEXT COMMAND...: with that message of errno's at the end of what it says.
fails() {
    local text=$1
    shift
    run "$@"
    [[ $status != 0 && $output == *": $text" ]] && return
    printf 'not "%s": %s, status %s: %s\n' "$text" "$*" "$status" "$output"
    return 1
}

# logged WHAT TEXT CODE MESSAGE ADVICE: there is exactly one line of that. MESSAGE is a regular expression, and a request's
# id may follow CODE.
logged() {
    local id='(, request [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?'
    local advice line
    # shellcheck disable=SC2001
    advice=$(sed 's/[().]/\\&/g' <<<"$5")
    line="^personalizefs: $1: $2 \($3$id\): $4\.? $advice\$"
    [[ $(grep -Ec "$line" "$LOG") == 1 ]] && return
    printf 'not once: %s\n' "$line"
    cat "$LOG"
    return 1
}

# What to do about it.
SERVICE='The service is in trouble: look at the AWS Health Dashboard for this region; the next reading asks again.'
PROTOCOL='What answered does not speak AWS JSON (often a proxy'\''s or captive portal'\''s page): check endpoint-url.'
LARGE='The answer is larger than any of the service'\''s: check that endpoint-url is Personalize'\''s, and proxies.'
REDIRECT='Redirects are not followed, since signed headers would go along: set endpoint-url to the service itself.'
CUT='The connection was cut: look at firewalls, NAT gateways and proxies that drop connections.'
USED_UP="The account's request rate is used up: find who else calls, lower max-requests, raise ttl, or ask for a quota."
KEY_ID='The service does not know the access key id: it was deleted or deactivated, belongs to another partition, or needs
 the session token that was given with it.'
KEY_ID=${KEY_ID/$'\n'/}
SECRET='The secret key does not belong to the access key id, the region is not the endpoint'\''s, or something between
 changed the request: copy the key pair again, then look at the region, the clock and proxies.'
SECRET=${SECRET/$'\n'/}
RENEW='Renew the temporary credentials (aws sso login, or whatever wrote them); no remount is needed.'
ALLOW='Allow personalize:DescribeBatchInferenceJob and personalize:ListBatchInferenceJobs to the identity that the message
 names, in its IAM policies, permissions boundary, SCPs and the VPC endpoint'\''s policy.'
ALLOW=${ALLOW/$'\n'/}
UNKNOWN='The request was refused for a reason that this program does not know: read the message; if it comes from a proxy or
 from another service, look at endpoint-url.'
UNKNOWN=${UNKNOWN/$'\n'/}

# The faults of a describe: kind|errno's message|code|message|advice|attempts, @ for the job.
faults=(
    "html|Bad message|answer-not-understood|.*|$PROTOCOL|1"
    "empty|Bad message|answer-not-understood|.*|$PROTOCOL|1"
    "empty-object|Bad message|answer-not-understood|an answer without batchInferenceJob|$PROTOCOL|1"
    "not-json|Bad message|answer-not-understood|.*byte 31|$PROTOCOL|1"
    'body={"batchInferenceJob":{"jobName":"@","status":5}}|Bad message|answer-not-understood|job @: status is not a string|'"$PROTOCOL|1"
    'body={"batchInferenceJob":{"jobName":"@","status":"a\u0000b"}}|Bad message|answer-not-understood|.*U\+0000.*|'"$PROTOCOL|1"
    'body={"batchInferenceJob":{"jobName":"@","status":"\ud800"}}|Bad message|answer-not-understood|.*|'"$PROTOCOL|1"
    'body={"batchInferenceJob":{"jobName":"other","status":"ACTIVE"}}|Bad message|answer-not-understood|asked for @, answered for another job|'"$PROTOCOL|1"
    'body={"batchInferenceJob":["ACTIVE"]}|Bad message|answer-not-understood|an answer without batchInferenceJob|'"$PROTOCOL|1"
    "truncate|Bad message|answer-truncated|.*|The answer was cut short on its way: look at proxies and load balancers between this host and the service.|3"
    "endless|Bad message|answer-too-large|the answer has more than 1048576 bytes|$LARGE|1"
    "huge-headers|Bad message|answer-too-large|the answer's headers have more than .*|$LARGE|1"
    "redirect|Bad message|redirect|the endpoint redirects \(HTTP 302\) to http://elsewhere.invalid/|$REDIRECT|1"
    "status=500|Remote I/O error|http-500|HTTP 500 without a message .*|$SERVICE|3"
    "status=503|Remote I/O error|http-503|HTTP 503 without a message .*|$SERVICE|3"
    "status=501|Remote I/O error|http-5xx|HTTP 501 without a message .*|$SERVICE|1"
    "status=404|Remote I/O error|http-4xx|HTTP 404 without a message .*|$UNKNOWN|1"
    "reset-body|Connection reset by peer|connection-reset|.*|$CUT|3"
    "code=AccessDeniedException|Permission denied|AccessDeniedException|By request\.|$ALLOW|1"
    "status=407|Permission denied|proxy-refused|the proxy wants to know who asks .*|The HTTP proxy refused: check HTTPS_PROXY's user and password, and whether NO_PROXY should name the endpoint.|1"
    "code=InvalidInputException|Invalid argument|InvalidInputException|By request\.|The service refused the job's ARN: check that account-id and the region are those of the job.|1"
    "code=ExpiredTokenException|Key has expired|ExpiredTokenException|By request\.|$RENEW|1"
    "code=UnrecognizedClientException|Key was rejected by service|UnrecognizedClientException|By request\.|$KEY_ID|1"
)
# Three attempts at these take seconds, so they are a table of their own.
throttles=(
    "throttle|Device or resource busy|ThrottlingException|Rate exceeded|$USED_UP|3"
    "code=LimitExceededException|Device or resource busy|LimitExceededException|By request\.|$USED_UP|3"
    "status=429|Device or resource busy|http-429|.*|$USED_UP|3"
)

# each_fault JOBS FUNCTION ROW...: a job for each row, which gets its fault; FUNCTION is then called with the job and the
# message; then the line in the log and the attempts are looked at.
each_fault() {
    local -n of=$1
    local function=$2 row kind text code message advice attempts job i=0
    shift 2
    [ $# -le ${#of[@]} ]
    for row; do
        job=${of[i++]}
        IFS='|' read -r kind text code message advice attempts <<<"${row//@/$job}"
        control fault "job=$job"$'\n'"kind=$kind"
        control_post reset-counts
        "$function" "$job" "$text"
        fails "$text" cat "$M/$job/numResults" # within a second the errno is repeated without a call
        [ "$(describes)" = "$attempts" ]
        logged "describe $job" "$text" "$code" "$message" "$advice"
    done
}

# The first JOBS of an array can be read again: nothing is kept of a failure for longer than a second.
recovered() {
    control_post clear-faults
    sleep 1.1
    local job
    for job; do
        [ -n "$(cat "$M/$job/jobInput/path")" ]
    done
}

cold_fails() { fails "$2" cat "$M/$1/status"; }

@test "each fault of a describe of a name not known: errno, line in the log, attempts; then it passes" {
    emulator_start --jobs 40 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start
    each_fault jobs cold_fails "${faults[@]}"
    fails 'Bad message' stat "$M/${jobs[0]}"
    fails 'Bad message' ls "$M/${jobs[0]}"
    fails 'Bad message' bash -c "cd '$M/${jobs[0]}'"
    recovered "${jobs[@]:0:${#faults[@]}}"
}

@test "throttled to the end: three attempts, and busy" {
    emulator_start --jobs 3 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start
    each_fault jobs cold_fails "${throttles[@]}"
    recovered "${jobs[@]}"
}

# A job that is known keeps its name. What the listing carried is served from it, the other values say what is wrong.
listed_fails() {
    [ -d "$M/$1" ]
    fails "$2" cat "$M/$1/numResults"
    [ -d "$M/$1" ]
    [ -s "$M/$1/filterArn" ]
    [ "$(stat -c %s "$M/$1/numResults")" = 1 ]
    fails "$2" cat "$M/$1/roleArn"
    [ "$(cat "$M/$1/jobName")" = "$1" ]
    fails "$2" cat "$M/$1/jobInput/path"
}

@test "each fault of a describe of a listed job: its directory stays, its values say the errno; then it passes" {
    emulator_start --jobs 80 --running 0
    mount_start
    mapfile -t jobs < <(ls -U "$M" | awk 'NR % 2') # every other: one after the other would be read ahead
    each_fault jobs listed_fails "${faults[@]}"
    recovered "${jobs[@]:0:${#faults[@]}}"
}

# No old value in the place of the new one; what is known about the file stays.
expired_fails() {
    [ "$(stat -c %s "$M/$1/status")" -gt 1 ]
    fails "$2" cat "$M/$1/status"
    [[ $output != *PROGRESS* && $output != *PENDING* ]]
    [ "$(stat -c %s "$M/$1/status")" -gt 1 ]
    [ -d "$M/$1" ]
}

@test "each fault of a describe of an expired job: never the old value; then it passes" {
    emulator_start --jobs 40 --running 0 --stuck 40
    mapfile -t jobs < <(control jobs)
    mount_start -o ttl=1s
    for job in "${jobs[@]}"; do
        cat "$M/$job/status"
    done >/dev/null
    sleep 1.1
    each_fault jobs expired_fails "${faults[@]}"
    recovered "${jobs[@]:0:${#faults[@]}}"
}

@test "each fault of a listing: errno, line in the log; an empty root never; then it passes" {
    emulator_start --jobs 250 --running 0
    mount_start
    local kind text code message advice
    for row in "${faults[@]}" "${throttles[0]}"; do
        IFS='|' read -r kind text code message advice _ <<<"${row//batchInferenceJob/batchInferenceJobs}"
        [[ $kind == body=* || $kind == endless || $message == *status* ]] && continue
        # The second page: what the first had is not shown either.
        control fault $'operation=ListBatchInferenceJobs\nskip=1\nkind='"$kind"
        : >"$LOG"
        fails "$text" ls "$M"
        logged 'list jobs' "$text" "$code" "$message" "$advice"
        control_post clear-faults
        [ "$(ls "$M" | wc -l)" = 250 ]
        mount_stop
        mount_start
    done
}

@test "the service cuts the connection, or nobody listens; then somebody does" {
    emulator_start --jobs 2 --running 0
    mapfile -t jobs < <(control jobs)
    mount_start
    control fault kind=reset
    fails 'Connection reset by peer' cat "$M/${jobs[0]}/status"
    logged "describe ${jobs[0]}" 'Connection reset by peer' connection-reset '.*' "$CUT"
    kill -TERM "$emulator"
    wait_gone "$emulator"
    fails 'Connection refused' cat "$M/${jobs[1]}/status"
    logged "describe ${jobs[1]}" 'Connection refused' connection-refused '.*127\.0\.0\.1.*' \
        "Nothing listens at the endpoint, or a firewall refuses: check endpoint-url's host and port, and the proxy."
    fails 'Connection refused' ls "$M"
    "$EMULATOR" --port "${URL##*:}" --jobs 2 --running 0 >"$BATS_TEST_TMPDIR/emulator.log" 2>&1 3>&- &
    emulator=$!
    wait_until control counts
    recovered "${jobs[@]}"
    [ "$(ls "$M" | wc -l)" = 2 ]
}

@test "a host name that does not resolve" {
    ((EUID == 0)) || skip 'only root may say how hosts are found'
    printf 'hosts: files\n' >"$BATS_TEST_TMPDIR/nsswitch.conf"
    # shellcheck disable=SC2016 # for the shell inside
    unshare --mount --propagation private bash -c 'mount --bind "$1" /etc/nsswitch.conf && shift && exec "$@"' bash \
        "$BATS_TEST_TMPDIR/nsswitch.conf" "$PERSONALIZEFS" -f -o "allow-http,account-id=$account" \
        -o endpoint-url=http://no-such-host.invalid us-west-2 "$M" >"$LOG" 2>&1 3>&- &
    daemon=$!
    wait_until grep -q " $M fuse.personalizefs " "/proc/$daemon/mounts"
    fails 'No route to host' cat "/proc/$daemon/root$M/a-job/status"
    logged 'describe a-job' 'No route to host' name-not-resolved '.*no-such-host\.invalid.*' "The host name has no address: \
check the region or endpoint-url for a typing error (Personalize is not in every region), then DNS (getent hosts NAME, \
/etc/resolv.conf, the VPC endpoint's private DNS)."
}

# ---- who asks ----

@test "a wrong secret key" {
    emulator_start --jobs 1
    AWS_SECRET_ACCESS_KEY=canary/of+the/wrong/key mount_start -o log-level=debug
    fails 'Key was rejected by service' cat "$M/$(control jobs)/status"
    logged "describe $(control jobs)" 'Key was rejected by service' InvalidSignatureException '.*' "$SECRET"
    fails 'Key was rejected by service' ls "$M"
    run ! grep canary "$LOG"
}

@test "an access key id that nobody knows" {
    emulator_start --jobs 1
    AWS_ACCESS_KEY_ID=AKIAUNKNOWNEXAMPLE00 mount_start -o log-level=debug
    fails 'Key was rejected by service' cat "$M/$(control jobs)/status"
    logged "describe $(control jobs)" 'Key was rejected by service' UnrecognizedClientException '.*' "$KEY_ID"
}

@test "no keys: no call" {
    emulator_start --jobs 1
    (
        unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
        mount_start
        echo "$daemon" >"$BATS_TEST_TMPDIR/daemon"
    )
    daemon=$(<"$BATS_TEST_TMPDIR/daemon")
    fails 'Required key not available' cat "$M/$(control jobs)/status"
    logged "describe $(control jobs)" 'Required key not available' no-credentials '.*' "Put keys into \
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or into the profile in ~/.aws/credentials or ~/.aws/config of the user who \
mounts (AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE count)."
    fails 'Required key not available' ls "$M"
    [[ $(control counts) == *'requests 0'* ]]
}

@test "a session token that has expired; new keys in the file are taken without a remount" {
    emulator_start --jobs 1 --session-token canary/of+the/first/token==
    job=$(control jobs)
    keys() {
        printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n' \
            "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$1" >"$BATS_TEST_TMPDIR/credentials"
    }
    keys canary/of+the/first/token==
    (
        export AWS_SHARED_CREDENTIALS_FILE=$BATS_TEST_TMPDIR/credentials
        unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
        mount_start -o log-level=debug,ttl=1s
        echo "$daemon" >"$BATS_TEST_TMPDIR/daemon"
    )
    daemon=$(<"$BATS_TEST_TMPDIR/daemon")
    [ -n "$(cat "$M/$job/status")" ]
    control set session_token=canary/of+the/second/token==
    sleep 1.1
    fails 'Key has expired' cat "$M/$job/status"
    logged "describe $job" 'Key has expired' ExpiredTokenException '.*' "$RENEW"
    keys canary/of+the/second/token==
    sleep 1.1
    [ -n "$(cat "$M/$job/status")" ]
    run ! grep canary "$LOG"
}

@test "a clock that is an hour off is put right, and said" {
    emulator_start --jobs 2
    control set clock_offset_s=-3600
    mount_start
    for job in $(control jobs); do
        [ -n "$(cat "$M/$job/status")" ]
    done
    [ "$(grep -c "signed on the service's clock, -3[56]..s* s from" "$LOG")" = 1 ]
}

@test "listing denied while describing is allowed" {
    emulator_start --jobs 5 --running 0
    job=$(control jobs | head -n 1)
    mount_start
    control fault $'operation=ListBatchInferenceJobs\nkind=code=AccessDeniedException'
    fails 'Permission denied' ls "$M"
    logged 'list jobs' 'Permission denied' AccessDeniedException 'By request\.' "$ALLOW"
    [ -n "$(cat "$M/$job/status")" ]
    [ "$(lists)" = 1 ]
    [ "$(ls "$M/$job" | wc -l)" -gt 10 ]
    cd "$M/$job" || return
    [ "$(cat jobName)" = "$job" ]
    cd / || return
}

@test "the account: given, the credentials', a listing's, else a listing of one" {
    emulator_start --jobs 150 --running 0
    mapfile -t jobs < <(control jobs)
    count() { echo "$(lists) $(describes)" && control_post reset-counts; }
    mount_start
    cat "$M/${jobs[0]}/status" >/dev/null
    [ "$(count)" = '0 1' ]
    mount_stop
    AWS_ACCOUNT_ID=$account mount_start no-account
    cat "$M/${jobs[0]}/status" >/dev/null
    [ "$(count)" = '0 1' ]
    mount_stop
    mount_start no-account
    cat "$M/${jobs[0]}/status" "$M/${jobs[1]}/status" >/dev/null
    [ "$(count)" = '1 2' ]
    mount_stop
    mount_start no-account
    ls "$M" >/dev/null
    pages=$(count)
    cat "$M/${jobs[0]}/status" "$M/${jobs[0]}/roleArn" >/dev/null
    [ "$(count)" = '0 1' ]
    [ "${pages#* }" = 0 ]
    mount_stop
    mount_start -o account-id=999999999999
    fails 'Invalid argument' ls "$M"
    logged 'list jobs' 'Invalid argument' wrong-account '.*123456789012.*999999999999.*' \
        'The keys belong to another account than the one given: correct account-id= or SOURCE, or use other keys.'
    fails 'Permission denied' cat "$M/${jobs[0]}/status"
}

@test "a service that never answers" {
    emulator_start --jobs 3 --running 0
    mount_start -o timeout=1s
    job=$(control jobs | head -n 1)
    control fault $'kind=hang\njob='"$job"
    fails 'Connection timed out' cat "$M/$job/status"
    logged "describe $job" 'Connection timed out' deadline '.*' \
        'No answer within timeout=: the message says what was being waited for; raise timeout= if the service is slow.'
}

@test "a host with no way to the service" {
    ((EUID == 0)) || skip 'only root may have a network of its own'
    unshare --net "$PERSONALIZEFS" -f -o "account-id=$account,allow-http,endpoint-url=http://127.0.0.1:9" us-west-2 "$M" \
        >"$LOG" 2>&1 3>&- &
    daemon=$!
    wait_until mounted
    fails 'No route to host' cat "$M/some-job/status"
    logged 'describe some-job' 'No route to host' no-route '.*' \
        'This host has no way to the service: check its network, routes (ip route), NAT gateway or VPC endpoint.'
}

# ---- names ----

@test "an unknown job is asked for once, and again after negative-ttl; the log says what to do" {
    emulator_start --jobs 3
    mount_start -o negative-ttl=2s
    fails 'No such file or directory' cat "$M/no-such-job/status"
    fails 'No such file or directory' stat "$M/no-such-job"
    fails 'No such file or directory' cat "$M/no-such-job/numResults"
    [ "$(describes)" = 1 ]
    logged 'describe no-such-job' 'No such file or directory' ResourceNotFoundException '.*no-such-job.*' \
        'There is no job of that name in this account and region: check the name, the region and the account.'
    [ "$(wc -l <"$M/.personalizefs/errors")" = 1 ] # its header: it is no failure
    sleep 2.1
    fails 'No such file or directory' cat "$M/no-such-job/status"
    [ "$(describes)" = 2 ]
    control job $'no-such-job\nstatus="PENDING"'
    sleep 2.1
    [ "$(cat "$M/no-such-job/status")" = PENDING ]
}

@test "a name that cannot be a job's is no call; the log says what to do, at level debug" {
    emulator_start --jobs 3
    mount_start --log-level debug
    for name in .git .hidden autorun.inf -x _x 'a b' 'a:b' ä "$(printf 'x%.0s' {1..64})" '*'; do
        fails 'No such file or directory' stat "$M/$name"
        fails 'No such file or directory' cat "$M/$name/status"
    done
    [[ $(control counts) == *'requests 0'* ]]
    said='personalizefs: .hidden: No such file or directory: neither a job'\''s name (63 letters, digits, - and _ at most, a
 letter or digit first) nor an ARN that this mount asks for: check how it is written.'
    [ "$(grep -Fxc "${said/$'\n'/}" "$LOG")" = 1 ]
    fails 'No such file or directory' stat "$M/$(printf 'x%.0s' {1..63})"
    [ "$(describes)" = 1 ]
    job=$(control jobs | head -n 1)
    cat "$M/$job/status" >/dev/null
    control_post reset-counts
    for name in .git nosuch jobInput/nosuch status/x; do
        run stat "$M/$job/$name"
        [ "$status" = 1 ]
    done
    [[ $(control counts) == *'requests 0'* ]]
}

@test "a listing with a text that holds NUL fails, and the log names the job" {
    emulator_start --jobs 3
    control job $'spoilt-job\nfailureReason="a\\u0000b"'
    mount_start
    fails 'Bad message' ls "$M"
    fails 'Bad message' cat "$M/spoilt-job/status"
    grep -q '^personalizefs: describe spoilt-job: Bad message ' "$LOG"
    grep '^personalizefs: list jobs: Bad message ' "$LOG" | grep spoilt-job
}

# ---- one of ten ----

@test "one job of ten cannot be described: nine and one error" {
    emulator_start --jobs 10 --running 0
    for job in $(control jobs); do
        control job "$job"$'\nstatus="ACTIVE"\nnumResults=25\nfilterArn=null'
    done
    ill=$(control jobs | tail -n 1)
    mount_start
    control fault "job=$ill"$'\nkind=status=500'
    cd "$M" || return
    run --separate-stderr bash -c 'cat */numResults'
    [ "$status" = 1 ]
    [ "$output" = "$(printf '25\n%.0s' {1..9})" ]
    [ "$stderr" = "cat: $ill/numResults: Remote I/O error" ]
    run --separate-stderr bash -c 'grep -l 25 */numResults'
    [ "$status" = 2 ]
    [ "${#lines[@]}" = 9 ]
    [[ $stderr == "grep: $ill/numResults: Remote I/O error" ]]
    [ "$(bash -c 'for j in */; do echo "$j"; done' | wc -l)" = 10 ]
    [ "$(bash -c 'ls -d */numResults' | wc -l)" = 10 ]
    [ -s "$ill/filterArn" ]
    [ "$(cat -- */status | sort | uniq -c | xargs)" = '10 ACTIVE' ] # a listing tells these
    [ "$(bash -c 'for j in */; do [ -s $j/filterArn ] && echo $j; done')" = "$ill/" ]
    cd / || return
}

@test "a file opened during the failure keeps its errno, one opened before it its value" {
    emulator_start --jobs 1 --running 0 --stuck 1
    job=$(control jobs)
    control job "$job"$'\nstatus="IN PROGRESS"'
    mount_start -o ttl=1s
    exec 5<"$M/$job/status"
    control fault kind=status=500
    sleep 1.1
    exec 6<"$M/$job/status"
    fails 'Remote I/O error' cat "$M/$job/status"
    [ "$(cat <&5)" = 'IN PROGRESS' ]
    fails 'Remote I/O error' cat <&6
    control job "$job"$'\nstatus="ACTIVE"'
    control_post clear-faults
    sleep 1.1
    [ "$(cat "$M/$job/status")" = ACTIVE ]
    fails 'Remote I/O error' cat <&6
    exec 5<&- 6<&-
}

@test "many wait for one describe that fails: one call, each is told" {
    emulator_start --jobs 1
    job=$(control jobs)
    mount_start
    control set latency_ms=500
    control fault kind=code=AccessDeniedException
    for i in {1..20}; do
        cat "$M/$job/status" 2>"$BATS_TEST_TMPDIR/said.$i" 3>&- &
        waiting[i]=$!
    done
    for pid in "${waiting[@]}"; do
        wait_gone "$pid"
    done
    [ "$(grep -l ': Permission denied$' "$BATS_TEST_TMPDIR"/said.* | wc -l)" = 20 ]
    [ "$(describes)" = 1 ]
    logged "describe $job" 'Permission denied' AccessDeniedException 'By request\.' "$ALLOW"
}

# ---- TLS ----

# certificate NAME SUBJECT-ALTERNATIVE-NAME: NAME.pem and NAME.key, signed by authority.pem
certificate() (
    cd "$BATS_TEST_TMPDIR" || exit
    [[ -f authority.pem ]] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Test Authority' \
        -keyout authority.key -out authority.pem 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
        -extfile <(echo "subjectAltName=$2") -out "$1.pem" 2>/dev/null
)

TLS="The message says what is wrong with the certificate: where a proxy inspects TLS, name its CA with ca_bundle or \
AWS_CA_BUNDLE; else check endpoint-url's host, this host's clock and its ca-certificates."

@test "TLS: an authority that is not trusted; with AWS_CA_BUNDLE it works" {
    certificate right IP:127.0.0.1
    CA=$BATS_TEST_TMPDIR/authority.pem
    emulator_start --jobs 1 --tls-cert "$BATS_TEST_TMPDIR/right.pem" --tls-key "$BATS_TEST_TMPDIR/right.key"
    [[ $URL == https://127.0.0.1:* ]]
    job=$(control jobs)
    mount_start
    fails 'Protocol error' cat "$M/$job/status"
    logged "describe $job" 'Protocol error' tls-failed '.*certificate.*' "$TLS"
    fails 'Protocol error' ls "$M"
    [ "$(describes)" = 0 ]
    mount_stop
    AWS_CA_BUNDLE=$CA mount_start
    [ -n "$(cat "$M/$job/status")" ]
    [ "$(ls "$M")" = "$job" ]
}

@test "TLS: a certificate of another host" {
    certificate wrong DNS:personalize.us-west-2.amazonaws.com
    CA=$BATS_TEST_TMPDIR/authority.pem
    emulator_start --jobs 1 --tls-cert "$BATS_TEST_TMPDIR/wrong.pem" --tls-key "$BATS_TEST_TMPDIR/wrong.key"
    AWS_CA_BUNDLE=$CA mount_start
    fails 'Protocol error' cat "$M/some-job/status"
    logged 'describe some-job' 'Protocol error' tls-failed '.*127\.0\.0\.1.*' "$TLS"
}
