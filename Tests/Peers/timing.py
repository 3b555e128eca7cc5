"""How a peer is timed, which is how `char-rnn bench` times itself."""
import time


def median(work, seconds):
    """The median time of `work` over so many seconds, after a third as long to warm up."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds / 3:
        work()
    times = []
    while len(times) < 5 or sum(times) < seconds:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]
