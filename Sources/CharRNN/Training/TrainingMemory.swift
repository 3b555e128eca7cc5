import OpenCLCompute

extension LanguageModel.Configuration {
    /// The largest batch size whose training surely fits into the memory of `device`, if nothing else is there; 0 when
    /// not even one sequence does.
    ///
    /// - Parameter sequenceLength: T, the characters of a sequence.
    public func largestBatchSize(on device: Device, sequenceLength: Int, optimizer: Optimizer) -> Int {
        let (h, v, t) = (Double(hiddenSize), Double(vocabulary.count), Double(sequenceLength))
        let (width, layers) = (Double(cell.gateCount) * h, Double(layerCount))
        // Elements, all of four bytes. Parameters, gradient and moments; per layer the rearranged weights.
        let fixed = parameterEstimate * Double(2 + optimizer.momentNames.count) + layers * 2 * width * h + 4096
        // Per sequence what UnrolledNetwork holds: gates, outputs, cell states; logits; gradient and dropout; indices.
        let states = layers * (t * width + 3 * (t + 1) * h) + t * (v + h + 4) + width
        let dropped = dropout > 0 ? layers * t * h : 0
        // Products may copy their operands, padded, into room that grows while the smaller one is still in use.
        let copies = 1.25 * t * (max(width, v) + h)
        let perSequence = states + dropped + 2 * copies
        // The driver needs some for itself.
        let room = 0.95 * Double(device.memoryBytes) / 4 - fixed
        let bufferRoom = min(Double(device.largestBufferBytes) / 4, 0x1p31) - 2 * width * h
        return max(0, Int(min(room / perSequence, bufferRoom / max(copies, t * width))))
    }
}
