# Makes report.json or report.html of steps.tsv: name, outcome, seconds, why. `format`, `state` and `version` are given.
# Figures are read from what the steps printed, which lies beside it.
BEGIN { FS = "\t" }

{
    count++
    name[count] = $1; outcome[count] = $2; seconds[count] = $3; why[count] = $4
    if ($2 == "passed") passed++
    else if ($2 == "skipped") skipped++
    else failed = failed (failed ? ", " : "") $1
}

END {
    if (state == "interrupted") verdict = "interrupted"
    else if (state != "finished") verdict = "unfinished: the run was stopped, or goes on"
    else if (failed) verdict = "something failed: " failed
    else if (count < 5) verdict = "no card was tried"
    else verdict = "everything that was tried is right"
    if (skipped) verdict = verdict "; " skipped " steps had no time left"
    if (format == "json") json(); else html()
}

# A line that a step printed, the last that holds the text.
function line(step, text,    file, words, found) {
    file = step ".out"
    while ((getline words < file) > 0) if (index(words, text)) found = words
    close(file)
    return found
}
function value(words, key) {
    return match(words, "\"" key "\":[-+0-9.e]+") ? substr(words, RSTART + length(key) + 3, RLENGTH - length(key) - 3) : ""
}
function figures(step) { return line(step, "\"seconds_per_batch\"") }

function quoted(text) {
    gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); gsub(/[\001-\037]/, " ", text)
    return "\"" text "\""
}
function json(    i) {
    printf "{\"version\":%s,\"verdict\":%s,\"steps\":[\n", quoted(version), quoted(verdict)
    for (i = 1; i <= count; i++) {
        printf "{\"step\":%s,\"outcome\":%s,\"seconds\":%s", quoted(name[i]), quoted(outcome[i]), seconds[i]
        if (why[i]) printf ",\"reason\":%s", quoted(why[i])
        if (figures(name[i])) printf ",\"figures\":%s", figures(name[i])
        print "}" (i < count ? "," : "")
    }
    print "]}"
}

function safe(text) { gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); return text }
function html(    i, words, notes) {
    print "<!doctype html><meta charset=utf-8><title>char-rnn on a card</title>"
    print "<style>body{font:16px sans-serif;max-width:60em;margin:2em auto}td,th{padding:.2em .8em;text-align:left}" \
        ".failed{color:#b00}td.number{text-align:right}</style>"
    printf "<h1>%s</h1><p>%s</p>\n<ul>\n", safe(verdict), safe(version)
    while ((getline notes < "notes.txt") > 0) printf "<li>%s</li>\n", safe(notes)
    print "</ul><h2>Speed</h2><table><tr><th>measured<th>ms a batch<th>share of the product rate<th>characters a " \
        "second, one text<th>64 texts"
    for (i = 1; i <= count; i++) {
        words = figures(name[i])
        if (!words) continue
        printf "<tr><td>%s<td class=number>%.2f<td class=number>%.0f %%<td class=number>%.0f<td class=number>%.0f\n", \
            name[i], 1000 * value(words, "seconds_per_batch"), 100 * value(words, "share"), \
            value(words, "sampled_per_second"), value(words, "group_sampled_per_second")
    }
    print "</table><h2>Steps</h2><table><tr><th>step<th>outcome<th>seconds<th>why"
    for (i = 1; i <= count; i++) {
        printf "<tr class=\"%s\"><td><a href=\"%s.out\">%s</a> <a href=\"%s.err\">…</a><td>%s<td class=number>%s<td>%s\n", \
            (outcome[i] == "passed" || outcome[i] == "skipped" ? "" : "failed"), name[i], name[i], name[i], \
            outcome[i], seconds[i], safe(why[i])
    }
    print "</table>"
}
