"""What a training step costs by formula, on one machine and on many; for links.

B streams of T characters, L layers of H units with G gates, V characters embedded in D numbers or not, P parameters, N hosts.
"""


def weights(hidden, layers=2, vocabulary=65, gates=4):
    """By which a character is multiplied: U of each layer, W of all but the first, which looks rows up, and the decoder."""
    return (2 * layers - 1) * gates * hidden**2 + hidden * vocabulary


def parameters(hidden, layers=2, vocabulary=65, gates=4):
    return weights(hidden, layers, vocabulary, gates) + vocabulary * gates * hidden + 2 * layers * gates * hidden + vocabulary


def operations(hidden, layers=2, vocabulary=65, batch=50, length=50, gates=4, embedding=0):
    """Of a step: two for each weight and character, once forward and twice backward."""
    return 6 * batch * length * (weights(hidden, layers, vocabulary, gates) + embedding * gates * hidden)


def pieces(hidden, layers=2, vocabulary=65, gates=4):
    """The gradient as UnrolledNetwork makes it: the elements that are told to be made, and the multiplications for each
    character since those before. What comes last is not told."""
    matrix = gates * hidden**2
    told = [(hidden * vocabulary + vocabulary, hidden * vocabulary)]
    work = hidden * vocabulary  # the gradient of the decoder's input
    for layer in reversed(range(layers)):
        biases, work = 2 * gates * hidden, work + matrix
        parts = max(1, min(8 if layer == 0 else 4, matrix >> 17))
        for part in range(parts):
            told.append((matrix // parts + (biases if part == 0 else 0), work + matrix / parts))
            work = 0
        if layer > 0:
            told.append((matrix, matrix))
            work = matrix
    told.append((vocabulary * gates * hidden, 0))
    return told


def step(hidden, layers, vocabulary, batch, length, rate, hosts, bandwidth, latency, message=0, optimizer=1.5e-9, gates=4):
    """The seconds of a step of `hosts` hosts, each with `batch` streams, and those of the exchange that are not hidden.

    rate: multiplications and additions a second, of one host; bandwidth: bytes a second in each direction; latency:
    seconds from a message's start to its arrival; message: seconds that the processor spends on sending or receiving one;
    optimizer: seconds a parameter. A piece goes to where it is summed and from there to all, as
    PiecewiseSum has it, one piece after the other; a piece below 65,536 elements waits for the next.
    """
    characters = batch * length
    forward = 2 * characters * weights(hidden, layers, vocabulary, gates) / rate
    now = free = forward
    waiting = 0
    told = pieces(hidden, layers, vocabulary, gates)
    for index, (count, work) in enumerate(told):
        now += 2 * characters * work / rate
        waiting += count
        if hosts > 1 and (waiting >= 1 << 16 or index == len(told) - 1):
            free = max(now, free) + 2 * (latency + (hosts - 1) * (2 * message + 4 * waiting / hosts / bandwidth))
            waiting = 0
    exposed = max(0, free - now) if hosts > 1 else 0
    return now + exposed + optimizer * parameters(hidden, layers, vocabulary, gates), exposed


def exchange(hidden, layers, vocabulary, hosts, bandwidth, gates=4):
    """The seconds that a gradient takes on the wire."""
    return 4 * parameters(hidden, layers, vocabulary, gates) * 2 * (hosts - 1) / hosts / bandwidth
