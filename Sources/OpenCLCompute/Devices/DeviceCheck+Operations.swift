extension DeviceCheck {
    /// Odd sizes, at which wrong guards show.
    static let operations: [Operation] =
        products + [
            Operation(name: "copy and fill") { bench in
                let (a, b) = (try bench.numbers(1001), try bench.numbers(1001))
                try bench.backend.copy(a, to: b)
                try bench.backend.fill(b[3..<10], with: 0.5)
                return try bench.backend.read(b)
            },
            product("product of one row", { $0 }, { $0 }, (1, 65, 129), (65, 129)),
            Operation(name: "bias") { bench in
                let matrix = try bench.matrix(37, 65)
                try bench.backend.addBias(try bench.numbers(65), to: matrix)
                return try bench.backend.read(matrix.elements)
            },
            Operation(name: "column sums and mean") { bench in
                let (matrix, sums) = (try bench.matrix(129, 65), try bench.numbers(66))
                try bench.backend.columnSums(of: matrix, into: sums[0..<65])
                try bench.backend.mean(of: matrix.elements, into: sums[65..<66])
                return try bench.backend.read(sums)
            },
            Operation(name: "one-hot input") { bench in
                let indices: [Int32] = (0..<101).map { Int32($0 * 7 % 13) }
                let (table, rows) = (try bench.matrix(17, 65), try bench.matrix(101, 65))
                let groups = IndexGroups.grouping(indices, count: 17)
                try bench.backend.gatherRows(of: table, at: try bench.buffer(indices), into: rows)
                try bench.backend.scatterRows(
                    rows,
                    by: IndexGroups(
                        starts: try bench.buffer(groups.starts), positions: try bench.buffer(groups.positions)),
                    into: table)
                return try bench.backend.read(rows.elements) + bench.backend.read(table.elements)
            },
            Operation(name: "embedded input") { bench in
                let indices = try bench.buffer((0..<37).map { Int32($0 * 7 % 65) })
                let (table, rows) = (try bench.matrix(17, 65), try bench.matrix(37, 17))
                try bench.backend.gatherColumns(of: table, at: indices, into: rows)
                let gathered = try bench.backend.read(rows.elements)
                try bench.backend.scatterColumns(rows, at: indices, into: table)
                return try gathered + bench.backend.read(table.elements)
            },
            Operation(name: "dropout") { bench in
                let x = try bench.numbers(1001)
                try bench.backend.dropout(
                    x, mask: DropoutMask(probability: 0.3, seed: 1 << 40, step: 5, layer: 1), into: x)
                return try bench.backend.read(x)
            },
            Operation(name: "softmax and cross-entropy") { bench in
                let (logits, losses) = (try bench.matrix(37, 65), try bench.numbers(37))
                try bench.backend.softmaxCrossEntropy(
                    logits, bias: try bench.numbers(65), targets: try bench.buffer((0..<37).map { Int32($0) }),
                    gradientScale: 0.5, losses: losses)
                return try bench.backend.read(logits.elements) + bench.backend.read(losses)
            },
            optimizer("RMSProp") { backend, x, gradient, moments, clipping, norms in
                try backend.rmsProp(
                    x, gradient: gradient, meanSquare: moments[0], clipping: clipping, learningRate: 0.1, decay: 0.95,
                    epsilon: 1e-8, norms: norms)
            },
            optimizer("Adam") { backend, x, gradient, moments, clipping, norms in
                try backend.adam(
                    x, gradient: gradient, mean: moments[0], meanSquare: moments[1], clipping: clipping,
                    learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, iteration: 3, norms: norms)
            },
            Operation(name: "clipping, combination and orthogonal blocks") { bench in
                let (x, y, squares) = (try bench.numbers(1001), try bench.numbers(1001), try bench.numbers(2))
                try bench.backend.clip(x, by: .norm(3), squares: squares[0..<1])
                try bench.backend.combine(x, times: 0.7, into: y, times: -0.4)
                try bench.backend.clip(y, by: .value(0.2), squares: squares[1..<2])
                let matrix = try bench.matrix(37, 65)
                try bench.backend.orthogonalize(
                    [matrix.columns(0..<13), matrix.columns(13..<65)],
                    by: [OddPolynomial(3, -3.2, 1.2), OddPolynomial(1.875, -1.25, 0.375)])
                return try bench.backend.read(y) + bench.backend.read(squares) + bench.backend.read(matrix.elements)
            },
        ] + RecurrentCell.allCases.map(recurrentLayer)

    static let products = [
        product("product", { $0 }, { $0 }, (37, 65, 129), (65, 129)),
        product("product, left factor transposed", { $0.transposed }, { $0 }, (65, 37, 129), (65, 129)),
        product("product, right factor transposed", { $0 }, { $0.transposed }, (37, 65, 129), (129, 65)),
    ]

    private static func product(
        _ name: String, _ left: @escaping @Sendable (Matrix) -> Matrix, _ right: @escaping @Sendable (Matrix) -> Matrix,
        _ sizes: (Int, Int, Int), _ rightShape: (Int, Int)
    ) -> Operation {
        Operation(name: name) { bench in
            let a = left(try bench.matrix(sizes.0, sizes.1))
            let b = right(try bench.matrix(rightShape.0, rightShape.1))
            let c = try bench.matrix(a.rows, sizes.2)
            try bench.backend.multiply(a, b, into: c)
            let once = try bench.backend.read(c.elements)
            try bench.backend.multiply(a, b, into: c, adding: true)
            return try once + bench.backend.read(c.elements)
        }
    }

    private static func optimizer(
        _ name: String,
        _ step:
            @escaping @Sendable (
                any Backend, Buffer<Float>, Buffer<Float>, [Buffer<Float>], GradientClipping, Buffer<Float>
            ) throws -> Void
    ) -> Operation {
        Operation(name: name) { bench in
            let (x, gradient, norms) = (try bench.numbers(1001), try bench.numbers(1001), try bench.numbers(2))
            let moments = try (0..<2).map { _ in try bench.buffer([Float](repeating: 0.25, count: 1001)) }
            for clipping in [GradientClipping.none, .value(0.5), .norm(3)] {
                try step(bench.backend, x, gradient, moments, clipping, norms)
            }
            return try bench.backend.read(x) + bench.backend.read(norms)
        }
    }

    static func recurrentLayer(_ cell: RecurrentCell) -> Operation {
        Operation(name: "\(cell.rawValue) layer, forward and backward") { bench in
            let (steps, batch, hidden) = (5, 3, 17)
            let width = cell.gateCount * hidden
            let backend = bench.backend
            let sequence = try RecurrentSequence(
                cell, steps: steps, batchSize: batch, hiddenSize: hidden, on: backend)
            for (target, source) in [
                (sequence.gates.elements, try bench.numbers(steps * batch * width)),
                (sequence.hidden.elements, try bench.numbers((steps + 1) * batch * hidden)),
            ] { try backend.copy(source, to: target) }
            let weights = RecurrentWeights(
                recurrent: try bench.matrix(hidden, cell.recurrentMatrixCount * hidden),
                inputBias: try bench.numbers(width),
                recurrentBias: try bench.numbers(cell.hasRecurrentProduct ? width : 0))
            try backend.forward(sequence, weights: weights)
            let outputs = try backend.read(sequence.hidden.elements)
            let outputGradient = try bench.matrix(steps * batch, hidden)
            try backend.backward(sequence, weights: weights, outputGradient: outputGradient)
            return try outputs + backend.read(sequence.gates.elements) + backend.read(outputGradient.elements)
        }
    }
}
