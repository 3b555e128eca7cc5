"""The characters a second that 64 streaming clients get, and one:  load.py [MODEL]"""

import json
import pathlib
import selectors
import socket
import statistics
import sys
import tempfile
import time

from studio import command, model_of, serving, train


def characters(server, model, clients, length):
    """The characters a second of all clients, from the first request to the last end."""
    body = json.dumps({"model": model, "prompt": "\n", "length": length, "stream": True}).encode()
    request = (f"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    selector = selectors.DefaultSelector()
    received = {}
    began = time.monotonic()
    for _ in range(clients):
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(request)
        connection.setblocking(False)
        received[connection] = []
        selector.register(connection, selectors.EVENT_READ)
    open_ = clients
    while open_:
        for key, _ in selector.select(timeout=60):
            data = key.fileobj.recv(1 << 16)
            if data:
                received[key.fileobj].append(data)
            else:
                selector.unregister(key.fileobj)
                open_ -= 1
    seconds = time.monotonic() - began
    for connection, parts in received.items():
        connection.close()
        whole = b"".join(parts)
        assert b"event: end" in whole and f'"length":{length}'.encode() in whole, whole[-500:]
    return clients * length / seconds


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if len(sys.argv) > 1:
            (folder / "model.safetensors").write_bytes(pathlib.Path(sys.argv[1]).read_bytes())
            model = "model.safetensors"
        else:
            # The sizes of the README's model; what it has learned does not matter.
            command(*train(folder, folder / "cv", "--max-iterations", "20", units=128))
            model = f"cv/{model_of(folder / 'cv').name}"
        with serving(folder) as server:
            characters(server, model, 64, 500)
            characters(server, model, 1, 5000)
            rounds = [(characters(server, model, 1, 10_000), characters(server, model, 64, 5_000)) for _ in range(5)]
    one, many = (statistics.median(values) for values in zip(*rounds))
    ratio = statistics.median(many / one for one, many in rounds)
    print(f"one client: {one:,.0f} characters a second; 64: {many:,.0f}; {ratio:.1f} times as many")


main()
