#!/usr/bin/env python3
"""What the model of links makes of 64 hosts, each with 50 streams of 50 characters, over networks of 1, 10 and 100 Gbit/s.

    python3 Tests/MPI/predict.py [--rate 150e9] [--picture FILE.svg]

Prints a table: the milliseconds of a step on one host, and how many times one host's speed 64 of them reach. The rate of a
host is that of `char-rnn bench`, operations a second; one of ten times this rate sees 10 Gbit/s as this one sees 1 Gbit/s.
"""
import argparse
import pathlib
import sys

import model

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "Peers"))
import curves  # noqa: E402

MODELS = [(128, 2), (512, 2), (1024, 3)]
NETWORKS = [1, 10, 100]  # Gbit/s
HOSTS = [1, 2, 4, 8, 16, 32, 64]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rate", type=float, default=150e9)
parser.add_argument("--latency", type=float, default=5e-5, help="from host to host, in seconds")
parser.add_argument("--message", type=float, default=5e-6, help="the processor's seconds for a message")
parser.add_argument("--picture", type=pathlib.Path)
options = parser.parse_args()


def seconds(hidden, layers, hosts, network):
    return model.step(hidden, layers, 65, 50, 50, options.rate, hosts, network * 1e9 / 8, options.latency, options.message)[0]


panels = []
print("| model | parameters | one host | " + " | ".join(f"64 hosts, {network} Gbit/s" for network in NETWORKS) + " |")
print("|---" * (3 + len(NETWORKS)) + "|")
for hidden, layers in MODELS:
    alone = seconds(hidden, layers, 1, 1)
    speeds = [64 * alone / seconds(hidden, layers, 64, network) for network in NETWORKS]
    name = f"LSTM {layers} x {hidden}"
    print(f"| {name} | {model.parameters(hidden, layers):,} | {1000 * alone:.0f} ms | "
          + " | ".join(f"{speed:.0f} times" for speed in speeds) + " |")
    panels.append((name, "%", [
        (number, False, [(hosts, 100 * alone / seconds(hidden, layers, hosts, network)) for hosts in HOSTS])
        for number, network in enumerate(NETWORKS)]))
if options.picture:
    names = [(number, False, f"{network} Gbit/s") for number, network in enumerate(NETWORKS)]
    options.picture.write_text(curves.picture("What many hosts reach of their speed", names, panels, columns=3, percent=True))
