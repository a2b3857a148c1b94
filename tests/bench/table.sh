# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the names that scripts/bench sets
# The table of what was measured, and what is made of it: text, Markdown, a chart. Sourced by scripts/bench.

# row NAME WHAT MEASURED BESIDE TARGET CONDITION [PART]: the condition, of numbers, says whether the target is met (`-`: there
# is none); PART, an expression, how much of what the target allows was used: 1 is all of it.
row() {
    local verdict=met
    if [[ $6 == - ]]; then
        verdict=-
    elif ! holds "$6"; then
        verdict='NOT MET'
    fi
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:--}" "$5" "$verdict" >>"$work/table"
    [[ -z ${7:-} ]] || printf '%s\t%s\t%s\n' "$1" "$2" "$(calc "$7" %.3f)" >>"$work/parts"
}

# Columns as wide as they must be. (column(1) is not everywhere, and bash's printf counts bytes.)
table_print() {
    local -a cells widths=(0 0 0 0 0 0)
    local i line
    while IFS=$'\t' read -ra cells; do
        for i in "${!cells[@]}"; do
            ((${#cells[i]} <= widths[i])) || widths[i]=${#cells[i]}
        done
    done <"$work/table"
    while IFS=$'\t' read -ra cells; do
        line=
        for i in "${!cells[@]}"; do
            line+="${cells[i]}$(printf '%*s' $((widths[i] - ${#cells[i]} + 2)) '')"
        done
        printf '%s\n' "${line%"${line##*[![:space:]]}"}"
    done <"$work/table"
}

table_markdown() {
    awk -F'\t' '
        { gsub(/\|/, "\\|"); gsub(/^ +/, "") }
        {
            sub(/^ +/, "", $2)
            printf "|"
            for (i = 1; i <= NF; i++) printf " %s |", $i
            print ""
        }
        NR == 1 { print "|---|---|---|---|---|---|" }' "$work/table"
}

# A bar for each number of the table that has a limit, as long as the part of it that is used; a line where the limit is.
table_chart() {
    awk -F'\t' '
        function escaped(text) { gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); return text }
        { name[NR] = $1; sub(/^ +/, "", $2); what[NR] = $2; part[NR] = $3 }
        END {
            left = 430; full = 300; step = 24; top = 46
            height = top + NR * step + 12
            printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 820 %d\" font-family=\"sans-serif\" " \
                "font-size=\"12\" role=\"img\" aria-label=\"How much of each target is used\">\n", height
            printf "<rect width=\"820\" height=\"%d\" fill=\"#fff\"/>\n", height
            printf "<text x=\"%d\" y=\"18\" text-anchor=\"middle\" fill=\"#444\">limit</text>\n", left + full
            printf "<text x=\"10\" y=\"18\" font-weight=\"bold\" fill=\"#222\">" \
                "how much of what each target allows is used (shorter is better)</text>\n"
            for (i = 1; i <= NR; i++) {
                y = top + (i - 1) * step
                width = part[i] * full; if (width > 380) width = 380; if (width < 1) width = 1
                printf "<text x=\"10\" y=\"%d\" fill=\"#222\">%s</text>", y + 4, escaped(name[i])
                printf "<text x=\"46\" y=\"%d\" fill=\"#222\">%s</text>", y + 4, escaped(what[i])
                printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>", left, y - 7, width, \
                    (part[i] > 1 ? "#c0392b" : "#2e7d5b")
                printf "<text x=\"%.1f\" y=\"%d\" fill=\"#444\">%.2f</text>\n", left + width + 5, y + 4, part[i]
            }
            printf "<line x1=\"%d\" y1=\"24\" x2=\"%d\" y2=\"%d\" stroke=\"#444\" stroke-dasharray=\"4 3\"/>\n", \
                left + full, left + full, height - 8
            print "</svg>"
        }' "$work/parts"
}

# performance_write FOLDER: performance.md, between its two marks, and performance.svg.
performance_write() {
    local page=$1/performance.md
    table_chart >"$1/performance.svg"
    {
        sed '/^<!-- measured -->$/q' "$page"
        printf '\n%s, %s.\n\n' "$(date -u +%F)" "$machine"
        table_markdown
        printf '\n'
        sed -n '/^<!-- end -->$/,$p' "$page"
    } >"$work/performance.md"
    cp "$work/performance.md" "$page"
}
