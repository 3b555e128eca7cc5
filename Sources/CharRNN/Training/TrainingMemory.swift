import OpenCLCompute

extension LanguageModel.Configuration {
    /// The bytes that a model and its ``Trainer`` hold on a device; a step allocates no more. With P parameters, the
    /// optimizer's M moments (RMSProp 1, the others 2) and N matrices of H × H in a layer's recurrent weights:
    ///
    /// ```
    /// 4·( (2 + M)·P + N·H·⌈H⌉₁₆ + V + 1537 + B·T·(V + H + 4) + B·L·H·(a·T + b) )
    /// ```
    ///
    /// N is 4 for an LSTM, 3 for a GRU, 1 for an RNN, 0 for a minGRU and 10 for a Mogrifier; a is 6, 5, 2, 3 and 11; b is 3,
    /// 2, 1, 1 and 5. ⌈H⌉₁₆ is H rounded up to a multiple of 16. A ``TrainingGuard`` adds a copy of the parameters, of the
    /// moments and of the state: 4·( (1 + M)·P + s·B·L·H ), where s is 2 for an LSTM and a Mogrifier and 1 for the others.
    ///
    /// Averages (``TrainingOptions/averageDecay``) take 8·P more, and with a guard 12·P; several batches a step
    /// (``TrainingOptions/batchesPerStep``) 4·P + 4; and what is frozen is held a second time.
    ///
    /// With an embedding of D numbers there are 4·( R·(2·G·H + D + 2) − V ) more, R being the lesser of V and B·T and G the
    /// gates that see the input, 4, 3, 1, 2 and 1; and with dropout 4·( D·V ).
    ///
    /// The parameters and their gradient are the first two of (2 + M)·P; N·H·⌈H⌉₁₆ is room for rearranged weights, of which
    /// GPUs need only N·H². Beyond all this, devices keep room for the matrix product at hand.
    ///
    /// - Parameters:
    ///   - batchSize: B, the streams of a batch.
    ///   - sequenceLength: T, the tokens of a sequence.
    ///   - optimizer: of which moments and scratch memory are.
    ///   - guarded: whether a ``TrainingGuard`` watches.
    public func trainingBytes(
        batchSize: Int, sequenceLength: Int, optimizer: Optimizer, guarded: Bool = false
    ) -> Int {
        check()
        precondition(
            batchSize > 0 && sequenceLength > 0, "\(batchSize) streams of \(sequenceLength) tokens do not make a batch")
        let (b, t) = (Double(batchSize), Double(sequenceLength))
        let bytes =
            4 * trainingElements(b, t, optimizer, guarded: guarded, batchTokens: min(Double(vocabulary.count), b * t))
        return Int(min(bytes, 0x1p62))
    }

    /// The largest batch size whose training surely fits into the memory of `device`, if nothing else is there; 0 when
    /// not even one sequence does.
    ///
    /// - Parameters:
    ///   - device: the model's.
    ///   - others: devices that share the batch, as in ``Trainer``; the one with the least room decides.
    ///   - sequenceLength: T, the tokens of a sequence.
    ///   - optimizer: of which moments and scratch memory are.
    ///   - guarded: whether a ``TrainingGuard`` watches.
    public func largestBatchSize(
        on device: Device, sharingWith others: [Device] = [], sequenceLength: Int, optimizer: Optimizer,
        guarded: Bool = false
    ) -> Int {
        check()
        let devices = [device] + others
        let inHostMemory = devices.count { $0.usesHostMemory }
        let shares = devices.map { device in
            let memoryBytes = Double(device.memoryBytes) / Double(device.usesHostMemory ? inHostMemory : 1)
            return largestShare(
                on: device, memoryBytes, of: devices.count, Double(sequenceLength), optimizer, guarded: guarded)
        }
        return devices.count * shares.min()!
    }

    /// As many streams as fit into the memory that one of so many devices has.
    private func largestShare(
        on device: Device, _ memoryBytes: Double, of count: Int, _ t: Double, _ optimizer: Optimizer, guarded: Bool
    ) -> Int {
        let (h, v) = (Double(hiddenSize), Double(vocabulary.count))
        let width = Double(max(cell.gateCount, cell.recurrentMatrixCount)) * h
        // As if the batch had every token, as a large one may.
        func elements(_ batchSize: Double) -> Double {
            trainingElements(batchSize, t, optimizer, guarded: guarded, batchTokens: v)
        }
        // On their way the parameters and the others' gradients lie in the host's memory a second time.
        var fixed = elements(0) + (device.kind == .cpu ? Double(count) * parameterEstimate : 0)
        // OpenCL's products may copy their operands, padded, into room that grows while the smaller one is still in use.
        let copies = device.kind == .cpu ? 0 : 1.25 * t * (max(width, v) + h)
        var perSequence = elements(1) - elements(0) + 2 * copies
        if count > 1 {
            // On the first device the gradient of one after the other, and the losses of all.
            fixed += parameterEstimate
            perSequence += Double(count) * t
        }
        // The driver needs some for itself.
        let room = 0.95 * memoryBytes / 4 - fixed
        let bufferRoom = min(Double(device.largestBufferBytes) / 4, 0x1p31) - 2 * width * h
        // Of a giant model a sequence is lost in the rounding of the rest.
        guard room > 0 && bufferRoom > 0 else { return 0 }
        return max(0, Int(min(room / perSequence, bufferRoom / max(copies, t * max(width, v)))))
    }

    /// The elements of ``trainingBytes(batchSize:sequenceLength:optimizer:guarded:)``, whatever the sizes: nothing
    /// overflows. They grow evenly with the batch size, which may be 0.
    ///
    /// - Parameter batchTokens: how many different ones there is room for in a batch, where there is an embedding.
    private func trainingElements(
        _ batchSize: Double, _ sequenceLength: Double, _ optimizer: Optimizer, guarded: Bool, batchTokens: Double
    ) -> Double {
        let (b, t, l) = (batchSize, sequenceLength, Double(layerCount))
        let (h, v) = (Double(hiddenSize), Double(vocabulary.count))
        let (perStep, once) = (Double(cell.trainingElements.perStep), Double(cell.trainingElements.once))
        let states: Double = cell.carriesMemory ? 2 : 1
        let moments = Double(optimizer.momentNames.count)
        let learned = (2 + moments) * parameterEstimate + Double(optimizer.scratchCount)
        let rearranged = Double(cell.recurrentMatrixCount) * h * (h / 16).rounded(.up) * 16
        let table = embeddingSize.map {
            TokenTable.trainingElements(
                batchTokens, vocabularySize: v, embeddingSize: Double($0), width: Double(cell.inputGates.count) * h,
                dropout: dropout)
        }
        // The starts of the groups of equal tokens, with an embedding their numbers, and the measurements that wait in a StepLog.
        let fixed = (embeddingSize == nil ? v : 2 * batchTokens) + 1 + 3 * Double(StepLog.capacity)
        let layers = b * l * h * (perStep * t + once)
        let snapshot = guarded ? (1 + moments) * parameterEstimate + states * b * l * h : 0
        return learned + rearranged + fixed + (table ?? 0) + b * t * (v + h + 4) + layers + snapshot
    }
}

extension Device {
    /// Whether its memory is the computer's, which others use, too.
    var usesHostMemory: Bool { kind != .discreteGPU && kind != .accelerator }
}
