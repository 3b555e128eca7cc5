import CharRNN
import Foundation
import TestSupport
import Testing

/// Processes that share each batch, here threads of one, learn what one process learns.
@Suite struct GradientExchangeTests {
    /// Seven streams are shared out unevenly, among processes and their devices.
    private func run(_ example: LearningCase) -> Run {
        var run = Run(cell: example.cell, dropout: 0.3, batchSize: 7, text: SmallText.noise(300))
        run.options = .init(
            optimizer: example.optimizer, clipping: .norm(1), decay: .init(factor: 0.9, firstEpoch: 1), seed: 99,
            resetProbability: 0.3)
        return run
    }

    /// What a process has seen of a run.
    private struct Outcome: Sendable {
        var gradient: [Float] = []
        var losses: [Float] = []
        var validationLosses: [Int: Double] = [:]
        var rollbacks: [TrainingRollback] = []
        var checkpoint = Data()
    }

    /// Twelve steps under a guard, with a state kept and a validation at each fifth.
    private func outcome(
        _ run: Run, on devices: [Device], _ exchange: any GradientExchange = DeviceExchange()
    ) throws -> Outcome {
        let trainer = try Trainer(
            model: run.model(on: devices[0]), dataset: run.dataset(), options: run.options,
            sharingWith: Array(devices.dropFirst()), exchange: exchange)
        let guardian = try TrainingGuard(trainer)
        var outcome = Outcome()
        while trainer.iteration < 12 {
            _ = try trainer.step()
            if trainer.iteration == 1 { outcome.gradient = try trainer.gradientValues() }
            if let rollback = try guardian.check(now: true) { outcome.rollbacks.append(rollback) }
            if trainer.iteration % 5 == 0 {
                _ = try trainer.evaluate(.validation)
                _ = try guardian.commit()
            }
        }
        outcome.losses = try trainer.losses()
        outcome.validationLosses = trainer.validationLosses
        outcome.checkpoint = try Checkpoint(of: trainer).fileBytes()
        return outcome
    }

    /// Of three processes the first has two devices, otherwise each has one, so that gradients are summed as they are made;
    /// all are of a kind, whose optimizers round alike.
    private func outcomes(of count: Int, _ run: Run, spoiling sum: Int? = nil) throws -> [Outcome] {
        try sideBySide(count, spoiling: sum) { exchange in
            let devices = (0...1).map { _ in Device.processor(threadCount: 1) }
            return try outcome(run, on: count == 3 && exchange.rank == 0 ? devices : [devices[0]], exchange)
        }
    }

    @Test(arguments: [2, 3], LearningCase.all)
    func processesLearnWhatOneLearns(_ count: Int, _ example: LearningCase) throws {
        let run = run(example)
        let one = try outcome(run, on: [.processor(threadCount: 1)])
        let several = try outcomes(of: count, run)
        for outcome in several {
            let size = one.gradient.map { Double(abs($0)) }.max()!
            expectClose(
                outcome.gradient, one.gradient.asDoubles, within: example.gradientBound * size, "the first gradient")
            expectClose(outcome.losses, one.losses.asDoubles, within: 1e-4, "losses of 12 steps")
            #expect(outcome.validationLosses.keys == one.validationLosses.keys)
            for (iteration, loss) in one.validationLosses {
                #expect(abs(outcome.validationLosses[iteration]! - loss) < 1e-4, "validation at \(iteration)")
            }
            #expect(outcome.checkpoint == several[0].checkpoint, "all processes have the same bits")
        }
    }

    /// On every device, and in the parts of layers so large that the gradient of each comes in several: what is said to be
    /// made is what it will be at the end of the pass.
    @Test(
        arguments: Device.underTest,
        [
            (RecurrentCell.gru, 2, 5, 4), (.minGRU, 2, 5, 2), (.mogrifier, 2, 5, 4), (.lstm, 2, 512, 14),
        ])
    func whatIsSaidToBeMadeIsMade(_ device: Device, _ example: (RecurrentCell, Int, Int, Int)) throws {
        let (cell, layerCount, hiddenSize, partCount) = example
        let run = Run(
            cell: cell, dropout: 0.3, hiddenSize: hiddenSize, layerCount: layerCount, embeddingSize: 3, batchSize: 2,
            sequenceLength: 3)
        let told = try told(in: run, on: device, inPieces: true)
        for steps in told {
            #expect(steps.count == 2 && steps.allSatisfy { $0.starts == told[0][0].starts })
            for step in steps {
                #expect(step.starts.count == partCount && step.starts == step.starts.sorted(by: >))
                #expect(step.starts.last! > 0 && step.starts.first! < step.whole.count)
                for (start, part) in zip(step.starts, step.parts) {
                    expectSame(part, Array(step.whole[start...]), "the gradient from \(start) on")
                }
            }
        }
    }

    /// Whoever sums a gradient when it is whole is told of no part, and has the same gradient.
    @Test(arguments: Device.underTest)
    func whoeverWantsTheWholeIsToldOfNoPart(_ device: Device) throws {
        let run = Run(cell: .lstm, dropout: 0.3, hiddenSize: 512, layerCount: 2, batchSize: 2, sequenceLength: 3)
        let (whole, pieces) = (
            try told(in: run, on: device, inPieces: false), try told(in: run, on: device, inPieces: true)
        )
        for (whole, pieces) in zip(whole.joined(), pieces.joined()) {
            #expect(whole.starts.isEmpty && pieces.starts.count == 14)
            expectSame(whole.whole, pieces.whole, "the gradient")
        }
    }

    /// What two processes are told in each of two steps.
    private func told(in run: Run, on device: Device, inPieces: Bool) throws -> [[WatchingExchange.Step]] {
        try sideBySide(2) { exchange in
            let watching = WatchingExchange(exchange, sumsInPieces: inPieces)
            let trainer = try Trainer(
                model: run.model(on: device), dataset: run.dataset(), options: run.options, exchange: watching)
            for _ in 1...2 { _ = try trainer.step() }
            return watching.told
        }
    }

    /// One process alone writes samples, with the averages: it must not send what the others do not wait for.
    @Test func averagesThatNoPassReadsAreNotSent() throws {
        var run = run(LearningCase.all[0])
        run.options.averageDecay = 0.9
        let devices = (0...1).map { _ in Device.processor(threadCount: 1) }
        let counting = CountingExchange(DeviceExchange())
        let trainer = try Trainer(
            model: run.model(on: devices[0]), dataset: run.dataset(), options: run.options, sharingWith: [devices[1]],
            exchange: counting)
        let guardian = try TrainingGuard(trainer)
        _ = try trainer.step()
        let before = counting.sent
        try guardian.commit()
        #expect(counting.sent == before + 1, "the loss of the next step is that of the new weights")
        try trainer.withAverages {}
        _ = try trainer.step()
        #expect(counting.sent == before + 1, "the devices have the weights")
        _ = try trainer.evaluate(.validation)
        _ = try trainer.step()
        #expect(counting.sent == before + 3, "a validation needs the averages, and the next step the weights")
    }

    @Test func whatSpoilsOneProcessTakesAllBack() throws {
        let run = run(LearningCase.all[0])
        let several = try outcomes(of: 2, run, spoiling: 9)
        for outcome in several {
            #expect(outcome.rollbacks.count == 1 && outcome.rollbacks.first?.goodIteration == 5)
            #expect(outcome.rollbacks.first?.iteration == 9)
            #expect(outcome.checkpoint == several[0].checkpoint)
        }
    }

    @Test func theWishOfOneStopsAll() throws {
        #expect(try sideBySide(3) { try $0.isWishedByAny($0.rank == 1) } == [true, true, true])
        #expect(try sideBySide(2) { try $0.isWishedByAny(false) } == [false, false])
        #expect(try DeviceExchange().isWishedByAny(true))
        #expect(try !DeviceExchange().isWishedByAny(false))
    }

    /// A run of steps in several processes, of which the last is cancelled after the third: what each has at its end, its
    /// gathers in the second step among them.
    private func cancelledRuns(_ count: Int, in folder: URL) throws -> [(iteration: Int, loss: Float, gathers: Int)] {
        try sideBySide(count) { exchange in
            let counting = CountingExchange(exchange)
            let run = Run(cell: .lstm, dropout: 0.3, batchSize: 7, text: SmallText.noise(300))
            // Unsafe, since the exchange came from elsewhere; all is used in this thread alone.
            nonisolated(unsafe) let trainer = try Trainer(
                model: run.model(on: .processor(threadCount: 1)), dataset: run.dataset(), options: run.options,
                exchange: counting)
            let training = try TrainingRun(
                trainer, options: .init(folder: folder, maxIterations: 1000, evaluateEvery: 1000))
            var (end, loss, gathers) = (0, Float.nan, [Int]())
            try training.run { event in
                switch event {
                case .step(let step):
                    loss = Float(step.loss)
                    gathers.append(counting.gathers)
                    if step.iteration == 3, exchange.rank == count - 1 { training.cancel() }
                case .end(let said): end = said.reason == .cancelled ? said.iteration : -1
                default: break
                }
            }
            return (end, loss, gathers[1] - gathers[0])
        }
    }

    /// The others hear of it beside the next gradient, so all end after the fourth step, and no step waits twice.
    @Test(arguments: [2, 3]) func theRunOfOneEndsAll(_ count: Int) throws {
        try withTemporaryFolder { folder in
            let ends = try cancelledRuns(count, in: folder)
            #expect(ends.map(\.iteration) == [Int](repeating: 4, count: count))
            #expect(Set(ends.map(\.loss)).count == 1 && ends[0].loss.isFinite)
            #expect(ends.allSatisfy { $0.gathers == 0 }, "all that a step tells goes beside its gradient")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(files.filter { $0.hasSuffix("safetensors") }.count == 1)
        }
    }

    /// The results of `body` in so many processes. The first spoils its gradient before one of the sums.
    private func sideBySide<Value: Sendable>(
        _ count: Int, spoiling sum: Int? = nil, _ body: @escaping @Sendable (any GradientExchange) throws -> Value
    ) throws -> [Value] {
        let meeting = Meeting(count)
        // Written under the lock, read after all have ended. The thread sanitizer sees an NSLock, and not a Mutex.
        let lock = NSLock()
        nonisolated(unsafe) var results: [Int: Result<Value, any Error>] = [:]
        // Threads of their own, since each waits for all the others.
        let ended = DispatchSemaphore(value: 0)
        for rank in 0..<count {
            Thread {
                let result = Result { try body(RankExchange(meeting, rank, spoiling: rank == 0 ? sum : nil)) }
                lock.withLock { results[rank] = result }
                ended.signal()
            }.start()
        }
        for _ in 0..<count { ended.wait() }
        return try (0..<count).map { try results[$0]!.get() }
    }
}

/// Where processes wait for one another and leave something for all.
private final class Meeting: @unchecked Sendable {
    // Unchecked: all is done under the condition's lock.
    let count: Int
    private let condition = NSCondition()
    private var given: [Int: [Float]] = [:]
    private var result: [[Float]] = []
    private var round = 0

    init(_ count: Int) { self.count = count }

    func meet(_ rank: Int, _ values: [Float]) -> [[Float]] {
        condition.lock()
        defer { condition.unlock() }
        given[rank] = values
        let mine = round
        if given.count == count {
            result = (0..<count).map { given[$0]! }
            given = [:]
            round += 1
            condition.broadcast()
        }
        while round == mine { condition.wait() }
        return result
    }
}

/// An exchange among processes, as a library of messages would make one.
private final class RankExchange: GradientExchange {
    let rank: Int
    private let meeting: Meeting
    private let devices = DeviceExchange()
    private var first: Replica?
    private var sums = 0
    private let spoiltSum: Int?
    /// Whether all have one device.
    private var sumsEarly = false
    /// Where the part of the gradient begins that is summed.
    private var start = 0

    init(_ meeting: Meeting, _ rank: Int, spoiling sum: Int?) {
        spoiltSum = sum
        self.meeting = meeting
        self.rank = rank
    }

    var count: Int { meeting.count }

    func prepare(_ replicas: [Replica]) throws {
        first = replicas[0]
        start = replicas[0].gradient.count
        try devices.prepare(replicas)
        sumsEarly = try gather([Float(replicas.count)]).allSatisfy { $0 == [1] }
        let parameters = try gather(replicas[0].backend.read(replicas[0].parameters))
        try replicas[0].backend.write(parameters[0], to: replicas[0].parameters)
        try sendParameters()
    }

    func sendParameters() throws { try devices.sendParameters() }

    func gradientIsMade(from start: Int) throws { if sumsEarly { try sum(from: start) } }

    func sumGradients() throws {
        try devices.sumGradients()
        sums += 1
        try sum(from: 0)
        start = first!.gradient.count
    }

    /// What is not summed yet.
    private func sum(from start: Int) throws {
        guard let first else { return }
        let part = first.gradient[start..<self.start]
        var own = try first.backend.read(part)
        if start == 0, sums == spoiltSum { own[0] = .nan }
        let gradients = try gather(own)
        try first.backend.write(gradients.dropFirst().reduce(gradients[0]) { zip($0, $1).map(+) }, to: part)
        self.start = start
    }

    func gather(_ values: [Float]) throws -> [[Float]] { meeting.meet(rank, values) }
}

/// Another exchange, and what is said to be made in each step.
private final class WatchingExchange: GradientExchange {
    struct Step: Sendable {
        var starts: [Int] = []
        var parts: [[Float]] = []
        var whole: [Float] = []
    }
    private(set) var told: [Step] = []

    private let exchange: any GradientExchange
    private var first: Replica?
    private var step = Step()

    let sumsInPieces: Bool

    init(_ exchange: any GradientExchange, sumsInPieces: Bool) {
        self.exchange = exchange
        self.sumsInPieces = sumsInPieces
    }

    var count: Int { exchange.count }
    var rank: Int { exchange.rank }

    func prepare(_ replicas: [Replica]) throws {
        first = replicas[0]
        try exchange.prepare(replicas)
    }

    func sendParameters() throws { try exchange.sendParameters() }

    func gradientIsMade(from start: Int) throws {
        let gradient = first!.gradient
        step.starts.append(start)
        step.parts.append(try first!.backend.read(gradient[start..<gradient.count]))
    }

    func sumGradients() throws {
        step.whole = try first!.backend.read(first!.gradient)
        told.append(step)
        step = Step()
        try exchange.sumGradients()
    }

    func gather(_ values: [Float]) throws -> [[Float]] { try exchange.gather(values) }
}

/// Another exchange, how often it was asked to gather alone, and how often it sent the parameters.
private final class CountingExchange: GradientExchange {
    private(set) var gathers = 0
    private(set) var sent = 0
    private let exchange: any GradientExchange

    init(_ exchange: any GradientExchange) { self.exchange = exchange }

    var count: Int { exchange.count }
    var rank: Int { exchange.rank }

    func prepare(_ replicas: [Replica]) throws { try exchange.prepare(replicas) }
    func gradientIsMade(from start: Int) throws { try exchange.gradientIsMade(from: start) }

    func sendParameters() throws {
        sent += 1
        try exchange.sendParameters()
    }

    func sumGradients() throws { try exchange.sumGradients() }
    func sumGradients(gathering values: [Float]) throws -> [[Float]] { try exchange.sumGradients(gathering: values) }

    func gather(_ values: [Float]) throws -> [[Float]] {
        gathers += 1
        return try exchange.gather(values)
    }
}
