import CPUKernels

extension CPUBackend {
    func dropout(_ x: Buffer<Float>, mask: DropoutMask, into result: Buffer<Float>) {
        precondition(x.count == result.count, "dropout of \(x.count) elements into \(result.count)")
        parallel(x.count, grain: 1 << 13, alignment: 32) { range in
            cpu_dropout_apply(
                x.pointer, result.pointer, range.lowerBound, range.upperBound, mask.threshold, mask.scale, mask.seed,
                mask.step, mask.layer)
        }
    }

    func softmaxCrossEntropy(
        _ logits: Matrix, targets: Buffer<Int32>, gradientScale: Float, losses: Buffer<Float>
    ) {
        precondition(
            targets.count == logits.rows && losses.count == logits.rows,
            "logits of \(logits.shape) with \(targets.count) targets and \(losses.count) losses")
        parallel(logits.rows, grain: grain(rowLength: 8 * logits.columns)) { rows in
            let first = rows.lowerBound
            cpu_softmax_cross_entropy(
                logits.pointer(row: first), targets.pointer + first, gradientScale, losses.pointer + first, rows.count,
                logits.columns)
        }
    }
}
