import CPUKernels

extension CPUBackend {
    func rmsProp(
        _ x: Buffer<Float>, gradient: Buffer<Float>, meanSquare: Buffer<Float>, clipping: GradientClipping,
        learningRate: Float, decay: Float, epsilon: Float, norms: Buffer<Float>
    ) {
        checkOptimizer(x, gradient, moments: meanSquare, norms: norms, clipping: clipping)
        let (bound, scale) = bounds(clipping, of: gradient)
        update(x.count, norms) { range in
            let first = range.lowerBound
            return cpu_optimizer_rmsprop(
                x.pointer + first, gradient.pointer + first, meanSquare.pointer + first, range.count, bound, scale,
                learningRate, decay, epsilon)
        }
    }

    func adam(
        _ x: Buffer<Float>, gradient: Buffer<Float>, mean: Buffer<Float>, meanSquare: Buffer<Float>,
        clipping: GradientClipping, learningRate: Float, beta1: Float, beta2: Float, epsilon: Float, iteration: Int,
        norms: Buffer<Float>
    ) {
        checkOptimizer(x, gradient, moments: mean, meanSquare, norms: norms, clipping: clipping)
        let (bound, scale) = bounds(clipping, of: gradient)
        let correction1 = adamCorrection(beta1, iteration: iteration)
        let correction2 = adamCorrection(beta2, iteration: iteration)
        update(x.count, norms) { range in
            let first = range.lowerBound
            return cpu_optimizer_adam(
                x.pointer + first, gradient.pointer + first, mean.pointer + first, meanSquare.pointer + first,
                range.count, bound, scale, learningRate, beta1, beta2, epsilon, correction1, correction2)
        }
    }

    func combine(_ x: Buffer<Float>, times a: Float, into y: Buffer<Float>, times b: Float) {
        checkCombination(x, into: y)
        parallel(x.count, grain: Self.grain, alignment: 16) { range in
            cpu_optimizer_combine(x.pointer + range.lowerBound, a, y.pointer + range.lowerBound, b, range.count)
        }
    }

    func clip(_ x: Buffer<Float>, by clipping: GradientClipping, squares: Buffer<Float>) {
        checkClip(clipping, squares: squares)
        let (bound, scale) = bounds(clipping, of: x)
        let sum = parallelSum(x.count, grain: Self.grain, zero: 0.0, add: +) { range in
            clipping == .none
                ? cpu_reduce_squares(x.pointer + range.lowerBound, range.count)
                : cpu_optimizer_bound(x.pointer + range.lowerBound, range.count, bound, scale)
        }
        squares.pointer[0] = Float(sum)
    }

    func orthogonalize(_ blocks: [Matrix], by polynomials: [OddPolynomial]) {
        checkOrthogonalization(of: blocks, by: polynomials)
        let coefficients = polynomials.flatMap { [$0.a, $0.b, $0.c] }
        // Neighbours are of equal size, those of another parameter may not be.
        let shares = min(threadCount, blocks.count)
        parallel(shares, grain: 1) { part in
            for share in part {
                for index in stride(from: share, to: blocks.count, by: shares) {
                    let block = blocks[index]
                    let count = cpu_muon_room(block.rows, block.columns)
                    withUnsafeTemporaryAllocation(
                        byteCount: count * MemoryLayout<Float>.stride, alignment: 64
                    ) { room in
                        cpu_muon_orthogonalize(
                            block.pointer(), block.stride, block.rows, block.columns, coefficients, polynomials.count,
                            room.bindMemory(to: Float.self).baseAddress!)
                    }
                }
            }
        }
    }

    private static let grain = 1 << 13

    private func update(_ count: Int, _ norms: Buffer<Float>, _ step: @Sendable (Range<Int>) -> cpu_squares) {
        let squares = parallelSum(
            count, grain: Self.grain, zero: cpu_squares(gradient: 0, parameters: 0),
            add: {
                cpu_squares(gradient: $0.gradient + $1.gradient, parameters: $0.parameters + $1.parameters)
            }, step)
        norms.pointer[0] = Float(squares.gradient)
        norms.pointer[1] = Float(squares.parameters)
    }

    /// The bound on each component and the factor before it that `clipping` amounts to for this gradient.
    private func bounds(_ clipping: GradientClipping, of gradient: Buffer<Float>) -> (bound: Float, scale: Float) {
        switch clipping {
        case .none: return (.infinity, 1)
        case .value(let bound): return (bound, 1)
        case .norm(let bound):
            let squares = parallelSum(gradient.count, grain: Self.grain, zero: 0.0, add: +) { range in
                cpu_reduce_squares(gradient.pointer + range.lowerBound, range.count)
            }
            let norm = Float(squares.squareRoot())
            return (.infinity, norm > bound ? bound / norm : 1)
        }
    }
}
