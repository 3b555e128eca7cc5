"""Asks the studio all that a program may ask, and compares with what the command says."""

import json
import math
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.parse

from studio import STUDIO, Server, command, model_of, serving, train


def check_description(server):
    """The description has the paths that there are, and the limits that are kept."""
    description = server.get("/openapi.json")
    described = {f"{method.upper()} {path}" for path, methods in description["paths"].items() for method in methods}
    listed = server.refusal(404, "/nothing")["why"]
    assert described == {part.removeprefix("there are ") for part in listed.split(", ") if "/" in part and "page" not in part}, listed
    for entry in sorted(described):
        method, path = entry.split()
        server.refusal(405, path, {} if method == "GET" else None)
    return description["components"]["schemas"]


def check_limits(server, schemas, model):
    """What the description calls the most is the most."""
    for schema, path in [("GenerateRequest", "/generate"), ("ScoreRequest", "/score"), ("ExplainRequest", "/explain")]:
        right = {"model": model, **({"text": "Where"} if schema != "GenerateRequest" else {"prompt": "Where", "length": 1})}
        assert server.ask(path, right)[0] == 200
        server.refusal(400, path, {**right, "unknown": 1})
        for key, rule in schemas[schema]["properties"].items():
            if "maxLength" in rule:
                server.refusal(422, path, {**right, key: "W" * (rule["maxLength"] + 1)})
            if "maximum" in rule:
                server.refusal(422, path, {**right, key: rule["maximum"] + 1})
                assert server.ask(path, {**right, key: rule["maximum"]})[0] == 200
            if "minimum" in rule:
                server.refusal(422, path, {**right, key: rule["minimum"] - 1})
            if "maxItems" in rule:
                server.refusal(422, path, {**right, key: ["x"] * (rule["maxItems"] + 1)})
                server.refusal(422, path, {**right, key: [""]})
            for wrong in ([1], {"a": 1}):
                server.refusal(400, path, {**right, key: wrong})
    right = {"model": model, "prompt": "Where", "length": 1}
    for key, rule in schemas["Sampling"]["properties"].items():
        wrong = [rule["maximum"] + 1] if "maximum" in rule else []
        wrong += [rule["minimum"] - 1] if "minimum" in rule else []
        wrong += [rule["exclusiveMinimum"]] if "exclusiveMinimum" in rule else []
        for value in wrong + ["x"]:
            server.refusal(400, "/generate", {**right, "sampling": {key: value}})
    server.refusal(400, "/generate", {**right, "sampling": {"warmth": 1}})
    server.refusal(422, "/generate", {**right, "prompt": "é"})
    server.refusal(415, "/generate", right, {"Content-Type": "text/plain"})


SAMPLINGS = [
    ({}, []),
    ({"temperature": 0.7}, ["--temperature", 0.7]),
    ({"topK": 3, "minP": 0.1}, ["--top-k", 3, "--min-p", 0.1]),
    ({"topP": 0.8, "typical": 0.9}, ["--top-p", 0.8, "--typical", 0.9]),
    ({"topNSigma": 1.5}, ["--top-n-sigma", 1.5]),
    ({"repetitionPenalty": 1.2, "frequencyPenalty": 0.1, "presencePenalty": 0.2, "penaltyWindow": 20},
     ["--repetition-penalty", 1.2, "--frequency-penalty", 0.1, "--presence-penalty", 0.2, "--penalty-window", 20]),
    ({"mirostat": {"surprise": 2, "learningRate": 0.2}}, ["--mirostat", 2, "--mirostat-rate", 0.2]),
]


def check_texts(server, model, file):
    """They are those of the command, whole and streamed; each character has the probability that scoring gives it."""
    for sampling, options in SAMPLINGS:
        asked = {"model": model, "prompt": "Where", "length": 120, "sampling": {**sampling, "seed": 7}}
        whole = server.get("/generate", asked)
        theirs = command("sample", file, "--prime", "Where", "--length", 120, "--seed", 7, "--quiet", *options).decode()
        assert "Where" + whole["text"] == theirs.removesuffix("\n"), (sampling, whole["text"], theirs)
        assert whole["end"] == "limit" and whole["length"] == 120 and whole["seed"] == 7
        *pieces, (last, end) = server.events("/generate", {**asked, "stream": True, "alternatives": 4})
        assert "".join(piece["text"] for _, piece in pieces) == whole["text"] and last == "end" and end["length"] == 120
        check_alternatives([c for _, piece in pieces for c in piece["characters"]], server, model, whole["text"], sampling)
    stopped = server.get("/generate", {"model": model, "prompt": "Where", "length": 2000, "stop": ["o", "qq"],
                                       "sampling": {"seed": 1}})
    assert stopped["end"] == "stop" and stopped["stop"] == "o" and "o" not in stopped["text"]
    first, second = (server.get("/generate", {"model": model, "length": 30})["seed"] for _ in range(2))
    assert first != second < 2**53


def check_alternatives(characters, server, model, text, sampling):
    assert "".join(c["text"] for c in characters) == text
    score = server.get("/score", {"model": model, "text": text, "prompt": "Where", "logProbabilities": True})
    for character, logarithm in zip(characters, score["logProbabilities"], strict=True):
        assert abs(character["model"] - math.exp(logarithm)) < 1e-4, (character, math.exp(logarithm))
        assert character["sampling"] > 0, character
        likeliest = [a["model"] for a in character["alternatives"]]
        assert len(likeliest) == 4 and likeliest == sorted(likeliest, reverse=True)
        listed = [a for a in character["alternatives"] if a["text"] == character["text"]]
        assert all(a["model"] == character["model"] and a["sampling"] == character["sampling"] for a in listed)
        assert listed or character["model"] <= likeliest[-1]
        if not sampling:
            assert abs(character["sampling"] - character["model"]) < 1e-6


def check_score(server, model, file, folder):
    text = "Where (so late) do you go?"
    (folder / "part.txt").write_text(text)
    theirs = json.loads(command("score", file, folder / "part.txt", "--json"))
    ours = server.get("/score", {"model": model, "text": text, "logProbabilities": True})
    assert ours["characters"] == len(text) and ours["predicted"] == len(text) - 1
    assert all(abs(a - b) < 1e-6 for a, b in zip(ours["logProbabilities"], theirs["log_probabilities"], strict=True))
    assert abs(ours["bitsPerCharacter"] * math.log(2) - ours["natsPerCharacter"]) < 1e-9
    assert "natsPerCharacter" not in server.get("/score", {"model": model, "text": "W"})


def check_models(server, model):
    assert [m["name"] for m in server.get("/models")["models"]].count(model) == 1
    facts = server.get(f"/models?name={urllib.parse.quote(model)}")
    assert (facts["cell"], facts["layers"], facts["hiddenSize"], facts["tokens"]) == ("lstm", 2, 24, "scalars")


def check_folder(server, folder, model):
    """Nothing outside of it is reached, and nothing that is no model of it."""
    outside = folder.parent / "outside.safetensors"
    outside.write_bytes((folder / model).read_bytes())
    (folder / "link.safetensors").symlink_to(outside)
    (folder / "way").symlink_to(folder.parent)
    (folder / ".hidden.safetensors").write_bytes(b"")
    (folder / "broken.safetensors").write_bytes(b"no model")
    os.mkfifo(folder / "pipe.safetensors")
    os.makedirs(folder / "folder.safetensors")
    listed = [m["name"] for m in server.get("/models")["models"]]
    assert "broken.safetensors" in listed and len(listed) == 2 + len(list((folder / "first").glob("*.safetensors"))) - 1, listed
    for name in ["link.safetensors", "way/outside.safetensors", "../outside.safetensors", "first/../../outside.safetensors",
                 str(outside), "/etc/passwd", "first//" + model.split("/")[1], "./" + model, ".hidden.safetensors",
                 "pipe.safetensors", "folder.safetensors", "", "\0", "x" * 5000 + ".safetensors"]:
        server.refusal(404, "/generate", {"model": name})
        server.refusal(404, "/models?name=" + urllib.parse.quote(name, safe=""))
        server.refusal(404, "/runs/events?folder=" + urllib.parse.quote(name, safe=""))
    why = server.refusal(422, "/generate", {"model": "broken.safetensors"})["why"]
    assert str(folder.parent) not in why, why
    for path in ["/../outside.safetensors", "/..%2foutside.safetensors", "/%2e%2e/outside.safetensors", "//etc/passwd",
                 "/first/" + model.split("/")[1]]:
        server.refusal(404, path)
    server.refusal(421, "/models", headers={"Host": "example.org"})


def check_runs(server, folder):
    """The lines of a history come in their order, later ones when they are written, and again when it is written anew."""
    history = folder / "first/history.jsonl"
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    assert [run["name"] for run in server.get("/runs")["runs"]] == ["first"]
    events = server.events("/runs/events?folder=first")
    assert next(events)[0] == "runs"

    def read(count):
        found = []
        while len(found) < count:
            name, value = next(events)
            assert name == "lines" and value["folder"] == "first", (name, value)
            found += value["lines"]
        return found

    assert read(len(lines)) == lines
    with history.open("a") as file:
        file.write('{"half":')
        file.flush()
        time.sleep(1)
        file.write('1}\nno JSON\n[1]\n{"run":"last"}\n')
    assert read(2) == [{"half": 1}, {"run": "last"}]
    new = history.with_suffix(".new")
    new.write_text("".join(json.dumps(line) + "\n" for line in lines[:2]))
    new.rename(history)
    assert next(events) == ("replaced", {"folder": "first"})
    assert read(2) == lines[:2]
    (folder / "second").mkdir()
    (folder / "second/history.jsonl").write_text("")
    name, value = next(events)
    assert name == "runs" and {run["name"] for run in value["runs"]} == {"first", "second"}
    # A run has its folder as long as it goes, and not a minute longer.
    lock = folder / "first/run.lock"
    for change, is_running in [(lock.touch, True), (lock.unlink, False)]:
        change()
        name, value = next(events)
        found = {run["name"]: run["is_running"] for run in value["runs"]}
        assert name == "runs" and found == {"first": is_running, "second": False}, (name, value)
    server.refusal(422, "/runs/events?" + "&".join(["folder=first"] * 33))


def check_end(folder, model):
    """Asked to end, it lets texts go on for a moment, and tells the readers why they end."""
    server = Server(folder, "--max-length", "1000000")
    try:
        texts = [server.events("/generate", {"model": model, "prompt": "W", "length": 1000000, "stream": True}) for _ in range(3)]
        watcher = server.events("/runs/events?folder=first")
        for stream in [*texts, watcher]:
            next(stream)
        began = time.monotonic()
        server.process.terminate()
        assert [list(stream)[-1][1]["end"] for stream in texts] == ["shutdown"] * 3
        assert all(name != "error" for name, _ in watcher)
        assert server.process.wait(timeout=20) == 0
        assert 2 < time.monotonic() - began < 15
    finally:
        server.process.kill()


def check_options(folder, model):
    """The limits of the command line are kept; what it cannot do it says in a line."""
    with serving(folder, "--max-length", "1000000", "--max-seconds", "1", "--max-clients", "2") as server:
        assert server.get("/generate", {"model": model, "prompt": "W", "length": 1000000})["end"] == "time"
        watchers = [server.events("/runs/events?folder=first") for _ in range(2)]
        for watcher in watchers:
            next(watcher)
        assert "--max-clients" in server.refusal(503, "/models")["why"]
        assert server.get("/healthz") == {"status": "ok"}
        for watcher in watchers:
            watcher.close()
        end = time.monotonic() + 10
        while server.ask("/models")[0] != 200:
            assert time.monotonic() < end, "those who left are still counted"
            time.sleep(0.1)
        wrong = subprocess.run([STUDIO, folder, "--port", str(server.port)], capture_output=True, text=True, timeout=20)
        assert wrong.returncode != 0 and "--port" in wrong.stderr and "\n" not in wrong.stderr.strip(), wrong.stderr
    wrong = subprocess.run([STUDIO, folder / "nothing"], capture_output=True, text=True, timeout=20)
    assert wrong.returncode != 0 and "no folder" in wrong.stderr, wrong.stderr


def main():
    with tempfile.TemporaryDirectory() as name:
        texts, folder = pathlib.Path(name) / "texts", pathlib.Path(name) / "cv"
        texts.mkdir()
        command(*train(texts, folder / "first", "--max-iterations", "60", "--eval-every", "30"))
        file = model_of(folder / "first")
        model = f"first/{file.name}"
        with serving(folder) as server:
            schemas = check_description(server)
            check_models(server, model)
            check_texts(server, model, file)
            check_score(server, model, file, texts)
            status, page = server.ask("/explain", {"model": model, "text": "Where <b>\n"})
            assert status == 200 and b"<!doctype html>" in page and b"@DATA@" not in page
            check_limits(server, schemas, model)
            check_runs(server, folder)
            check_folder(server, folder, model)
        check_end(folder, model)
        check_options(folder, model)
        print("the interface: texts and scores are those of the command, limits are kept, nothing outside the folder is reached")


main()
