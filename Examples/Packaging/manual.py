#!/usr/bin/env python3
"""Writes the manual page char-rnn(1): from what the command says about itself, and the constant parts below.

    char-rnn --experimental-dump-help | manual.py VERSION > char-rnn.1

The page's date is SOURCE_DATE_EPOCH, so that the same sources give the same bytes.
"""
import json
import os
import sys
import time

REST = """\
.SH ENVIRONMENT
.TP
.B XDG_CACHE_HOME
The folder for caches, ~/.cache where it is not set. In its folder char\\-rnn are the compiled OpenCL kernels, and what
.B char\\-rnn tune
has found. It may be deleted at any time.
.TP
.B OCL_ICD_VENDORS
Where the OpenCL loader looks for drivers in place of /etc/OpenCL/vendors.
.SH EXIT STATUS
0 when all went well, 1 when something failed, 64 when the command line is wrong; after an interrupted training 128 and
the number of the signal.
"""


def escaped(text):
    """Plain text for troff: no line begins with a control character, no hyphen becomes a dash; beyond ASCII by number."""
    text = "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in text.replace("\\", "\\e"))
    lines = text.replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)


def paragraphs(text):
    """Running text as it is; lines that are indented are examples, and keep their breaks."""
    result, is_example = [], False
    for line in text.split("\n"):
        if line.startswith("  ") != is_example:
            is_example = not is_example
            result.append(".PP\n.nf\n.RS" if is_example else ".RE\n.fi")
        result.append(escaped(line.strip()) if line.strip() else ".PP")
    if is_example:
        result.append(".RE\n.fi")
    return "\n".join(result)


def argument(facts):
    """A tagged paragraph for an option, a flag or an argument."""
    value = f" \\fI{escaped(facts['valueName'])}\\fR"
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in facts.get("names", [])]
    if names:
        tag = ", ".join(f"\\fB{escaped(name)}\\fR" for name in names) + (value if facts["kind"] == "option" else "")
    else:
        tag = value.strip()
    text = " ".join(facts[key] for key in ("abstract", "discussion") if facts.get(key))
    if facts.get("defaultValue") and "(default:" not in text:
        text += f" (default: {facts['defaultValue']})"
    return f".TP\n{tag}\n{escaped(text) or '.br'}"


def arguments(command):
    sections = {}
    for facts in command.get("arguments", []):
        # What every command has is said once, at the end of the first section.
        if facts["shouldDisplay"] and facts["valueName"] not in ("help", "version"):
            sections.setdefault(facts.get("sectionTitle"), []).append(argument(facts))
    for title, entries in sections.items():
        if len(sections) > 1:
            yield f".PP\n.I {escaped(title or 'Other')}"
        yield from entries


def page(tool, version):
    command = tool["command"]
    date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))
    yield f'.TH CHAR\\-RNN 1 {date} "char\\-rnn {escaped(version)}" "User Commands"'
    yield f".SH NAME\nchar\\-rnn \\- {escaped(command['abstract'].rstrip('.').lower())}"
    yield ".SH SYNOPSIS\n.B char\\-rnn\n.I command\n.RI [ arguments ]"
    yield f".SH DESCRIPTION\n{paragraphs(command['discussion'])}"
    yield ".PP\n\\fBchar\\-rnn --help\\fR and \\fBchar\\-rnn \\fIcommand\\fB --help\\fR print help, \\fB--version\\fR".replace(
        "--", "\\-\\-")
    yield "the version and the commit that the command was built from."
    yield ".SH COMMANDS"
    for part in command["subcommands"]:
        if part["commandName"] == "help":
            continue
        yield f".SS char\\-rnn {escaped(part['commandName'])}\n{escaped(part['abstract'])}"
        if part.get("discussion"):
            yield f".PP\n{paragraphs(part['discussion'])}"
        yield from arguments(part)
    yield REST.rstrip()


sys.stdout.write("\n".join(page(json.load(sys.stdin), sys.argv[1])) + "\n")
