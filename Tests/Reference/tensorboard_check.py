"""Asks TensorBoard's own readers what a run has written for it:  tensorboard_check.py CHAR_RNN

It trains, stops, takes the run up again from an earlier checkpoint, and wants each step once, with the numbers of
history.jsonl. The reader is the strict one (`--load_fast=false`), which checks every sum and the order of sessions.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from tensorboard.backend.event_processing import event_file_loader, plugin_event_accumulator

LINES = "the quick brown fox jumps over the lazy dog\n" * 60


def train(program, folder, *options):
    subprocess.run([program, "train", *options], check=True, cwd=folder, stderr=subprocess.DEVNULL)


def recorded(folder):
    """What history.jsonl has, the later line where one was written twice."""
    tags = {"loss": "loss/training", "grad_norm": "gradient_norm", "validation_loss": "loss/validation"}
    result = {tag: {} for tag in tags.values()}
    for line in (folder / "cv/history.jsonl").read_text().splitlines():
        entry = json.loads(line)
        for key, tag in tags.items():
            if key in entry:
                result[tag][entry["iteration"]] = entry[key]
    return result


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "data").mkdir()
        (folder / "data/input.txt").write_text(LINES)
        sizes = "--hidden-size 8 --layers 1 --batch-size 4 --sequence-length 5 --eval-every 20 --sample-every 20".split()
        train(program, folder, "--data-dir", "data", "--tensorboard", "board", "--max-iterations", "50", *sizes)
        early = min((folder / "cv").glob("*.safetensors"), key=lambda file: file.name)
        train(program, folder, "--resume", early, "--max-iterations", "60", *"--eval-every 20".split())

        files = sorted((folder / "board").iterdir())
        assert len(files) == 2, files
        for file in files:
            events = list(event_file_loader.LegacyEventFileLoader(str(file)).Load())
            assert events[0].file_version == "brain.Event:2", events[0]
            assert events[1].session_log.status == 1, events[1]

        board = plugin_event_accumulator.EventAccumulator(str(folder / "board"), size_guidance={"tensors": 0})
        board.Reload()
        # The loader turns scalars into tensors of one number.
        values = {
            tag: {event.step: event.tensor_proto.float_val[0] for event in board.Tensors(tag)}
            for tag in board.Tags()["tensors"]
            if tag != "sample"
        }
        texts = {event.step: event.tensor_proto.string_val[0].decode() for event in board.Tensors("sample")}
        lines = [json.loads(line) for line in (folder / "cv/history.jsonl").read_text().splitlines()]
        assert texts == {line["iteration"]: line["sample"] for line in lines if "sample" in line}, texts
        assert set(texts) == {20, 40, 60}, texts
        assert board.SummaryMetadata("sample").plugin_data.plugin_name == "text"
        counts = {tag: len(board.Tensors(tag)) for tag in values}
        assert counts["loss/training"] == 60, counts
        assert sorted(values["loss/training"]) == list(range(1, 61))
        assert set(values) >= {"learning_rate", "characters_per_second"}, set(values)
        for tag, expected in recorded(folder).items():
            assert set(values[tag]) == set(expected), (tag, values[tag], expected)
            worst = max(abs(values[tag][step] - number) / abs(number) for step, number in expected.items())
            assert worst < 1e-6, (tag, worst)
            print(f"{tag:18} {len(expected):3} steps, worst difference {worst:.1e}")


main()
