import OpenCLCompute

/// Parameters that stay as they are, to the bit, whatever the optimizer makes of them.
struct FrozenParameters {
    private struct Part {
        let range: Range<Int>
        let weights, kept, gradient: Buffer<Float>
    }

    private let backend: any Backend
    private let all: Buffer<Float>
    private let parts: [Part]

    /// - Parameter names: of parameters, as files call them.
    init(_ names: [String], of parameters: Parameters, gradient: Parameters) throws {
        let backend = parameters.backend
        parts = try parameters.layout.entries.filter { names.contains($0.name) }.map { entry in
            let weights = parameters.buffer[entry.range]
            let kept = try backend.makeBuffer(of: Float.self, count: weights.count)
            try backend.copy(weights, to: kept)
            return Part(range: entry.range, weights: weights, kept: kept, gradient: gradient.buffer[entry.range])
        }
        self.backend = backend
        all = parameters.buffer
    }

    /// So that clipping and the optimizer's norms know nothing of them.
    func clearGradient() throws {
        for part in parts { try backend.fill(part.gradient, with: 0) }
    }

    /// Puts them into averages of the parameters, which rounding has moved.
    func copy(into averages: Buffer<Float>) throws {
        for part in parts { try backend.copy(part.kept, to: averages[part.range]) }
    }

    /// Takes back what a step has done, such as a decay, and measures all parameters anew.
    func restore(squares: Buffer<Float>) throws {
        guard !parts.isEmpty else { return }
        for part in parts { try backend.copy(part.kept, to: part.weights) }
        try backend.clip(all, by: .none, squares: squares)
    }
}
