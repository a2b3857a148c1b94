# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets
# Microseconds of three describes of a job by the AWS CLI.
aws_cli() {
    local i
    for i in 1 2 3; do
        mount_command "$tools/bench-timed" aws --endpoint-url "$url" --region "$demo_region" --ca-bundle "$work/ca.pem" \
            personalize describe-batch-inference-job --batch-inference-job-arn "$(arn "$1")"
    done
}

# The status is read by cat(1), which a user would start, and on another new mount by a process that runs already: what
# starting a program costs is no doing of the mount's.
measure_P2() {
    local rounds=21 i job cat plain request over described listed cli running
    serve --jobs 20 --tls-cert "$work/tls.pem" --tls-key "$work/tls.key"
    job=$(control jobs | head -n 1)
    echo ACTIVE >"$work/plain"
    for ((i = 0; i < rounds; i++)); do
        mount_start
        counts_reset
        ((i % 2)) || bare 1 "$job" >>"$samples/bare"
        counts_reset
        "$tools/bench-timed" cat "$mnt/$job/status" >>"$samples/cat"
        printf '%s %s\n' "$(describes)" "$(lists)" >>"$samples/calls"
        ((i % 2 == 0)) || bare 1 "$job" >>"$samples/bare"
        "$tools/bench-timed" cat "$work/plain" >>"$samples/exec"
        mount_stop
        mount_start
        "$tools/bench-reads" 1 <(printf '%s\n' "$mnt/$job/status") | awk '{ print $1 }' >>"$samples/running"
        mount_stop
        calc "$(tail -n 1 "$samples/cat") - $(tail -n 1 "$samples/bare")" '%.0f\n' >>"$samples/over"
    done
    cat=$(median $rounds <"$samples/cat")
    request=$(median $rounds <"$samples/bare")
    over=$(median $rounds <"$samples/over")
    cli=absent
    if command -v aws >/dev/null; then
        cli="$(calc "$(aws_cli "$job" | median 3) / 1000" %.0f) ms"
    fi
    plain=$(median $rounds <"$samples/exec")
    described=$(cut -d' ' -f1 "$samples/calls" | sort -nu | paste -sd,)
    listed=$(cut -d' ' -f2 "$samples/calls" | sort -nu | paste -sd,)
    row P2 'first cat of a status, new mount, TLS' "$(calc "$cat / 1000") ms" \
        "bare request $(calc "$request / 1000") ms; cat on tmpfs $(calc "$plain / 1000") ms; the AWS CLI: $cli" \
        "≤ 2 ms over the bare request: $(calc "$over / 1000") ms" "$over <= 2000" "$over / 2000"
    running=$(median $rounds <"$samples/running")
    row P2 '  read by a process that runs already' "$(calc "$running / 1000") ms" \
        "over the bare request: $(calc "($running - $request) / 1000") ms" - -
    row P2 '  describes, lists' "$described, $listed" '' '1, 0' "\"$described $listed\" == \"1 0\""
}
