# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What bash completes after `personalizefs`. A name that ends in = has a value.

_personalizefs_mount_options="
    region= account-id= profile= endpoint-url= allow-http timeout= max-requests= max-jobs=
    ttl= terminal-ttl= list-ttl= negative-ttl= stale-if-error= stale-while-revalidate=
    uid= gid= umask= allow_other
    foreground debug log-level= help version
"
_personalizefs_wait_options="timeout= help"

# Prints the values that NAME may have, where they can be known.
_personalizefs_values() {
    case $1 in
        log-level) printf '%s\n' error warning info debug ;;
        profile)
            sed -n 's/^\[\(profile \)\{0,1\}\([^]]*\)\]$/\2/p' "${AWS_CONFIG_FILE:-$HOME/.aws/config}" \
                "${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}" 2>/dev/null | grep -v '^sso-session \|^services '
            ;;
    esac
}

# Of "name" and "name=value", behind what of the word has been typed before: the words that it may become.
_personalizefs_candidates() {
    local before=$1 item=$2 options=$3 word
    if [[ $item == *=* ]]; then
        while IFS= read -r word; do
            [[ $word != "${item#*=}"* ]] || printf '%s\n' "$before${item%%=*}=$word"
        done < <(_personalizefs_values "${item%%=*}")
    else
        for word in $options; do
            [[ $word != "$item"* ]] || printf '%s\n' "$before$word"
        done
    fi
}

_personalizefs() {
    local cur=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} options=$_personalizefs_mount_options
    local word previous typed candidates
    # The word as the command will have it: readline's own are cut at each = and :.
    word=${line##*[[:space:]]}
    previous=${line%"$word"}
    previous=${previous%"${previous##*[![:space:]]}"}
    previous=${previous##*[[:space:]]}
    [[ $cur != [=:] ]] || cur=
    [[ $word == *"$cur" ]] || cur=$word
    typed=${word%"$cur"}
    [[ ${COMP_WORDS[1]} != wait || $COMP_CWORD -eq 1 ]] || options=$_personalizefs_wait_options

    COMPREPLY=()
    if [[ $previous == -o && $options == "$_personalizefs_mount_options" ]]; then
        local list=${word%"${word##*,}"}
        candidates=$(_personalizefs_candidates "$list" "${word##*,}" "$options")
    elif [[ $word == --* ]]; then
        candidates=$(_personalizefs_candidates -- "${word#--}" "$options")
    elif [[ $previous == --?* && " $options " == *[[:space:]]"${previous#--}="[[:space:]]* ]]; then
        candidates=$(_personalizefs_candidates "" "${previous#--}=$word" "$options")
        candidates=${candidates//"${previous#--}="/}
    elif [[ $options == "$_personalizefs_wait_options" ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        compopt -o filenames 2>/dev/null
        return
    else
        mapfile -t COMPREPLY < <(
            compgen -d -- "$cur"
            ((COMP_CWORD != 1)) || compgen -W wait -- "$cur"
        )
        compopt -o filenames 2>/dev/null
        return
    fi
    [[ -n $candidates ]] || return 0
    while IFS= read -r word; do
        COMPREPLY+=("${word#"$typed"}")
    done <<<"$candidates"
    # More follows an = and, in a list, perhaps a comma.
    [[ $previous == -o || ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -F _personalizefs personalizefs
