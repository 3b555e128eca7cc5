import OpenCLCompute

/// Writes the texts that many tasks ask for, all side by side: a step multiplies by the weights once for every text that is
/// being written.
///
/// ```swift
/// let batcher = Batcher(model, capacity: 64)
/// for try await piece in batcher.text(after: "ROMEO:", limit: 200, seed: 7) { print(piece, terminator: "") }
/// ```
///
/// - A text does not depend on the others: on the CPU device and on OpenCL's processors it has the bits that
///   ``Session/text(limit:stoppingAt:allowing:mirostat:using:_:)`` writes from the same beginning with the same seed, if that
///   has less than 6,912 characters; sessions read longer ones in parts, which agree within rounding. On graphics cards it
///   depends on ``capacity`` besides, whose rows are always computed there.
/// - Whoever asks while all rows are taken waits in line. A text that has had a long turn, or whose reader does not keep up,
///   makes room for those who wait, and stands in line again; so nobody waits for ever, not even behind endless texts.
/// - A text whose reader does not keep up rests: about 1,000 bytes are written ahead.
/// - What goes wrong in a text ends that text alone, also when a damaged model answers it with NaN (``BrokenModelError``).
/// - Cancelling the task that reads a text, or leaving its loop, frees the row within one step.
///
/// It computes on a thread of its own; on the CPU device the device's threads share out the texts. When the model is trained
/// in between, the texts that are being written throw ``ChangedModelError``.
public actor Batcher {
    /// Which writes for all.
    public nonisolated let model: LanguageModel
    /// How many texts are written at once.
    public nonisolated let capacity: Int

    private let thread = ActorThread()
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private var writers: [ObjectIdentifier: BatchedWriter] = [:]
    /// One for each thread, from the first text on.
    private var tables: [BatcherTable] = []
    /// Those that wait for a row, the next one first.
    private var line: [BatchedWriter] = []
    private var isScheduled = false

    /// The steps after which a text makes room, when others wait.
    private static let turn = 512
    /// How long to go on before the readers get what is ready. Each piece wakes a task, which costs as much as a character.
    private static let burst = Duration.milliseconds(10)

    /// - Parameters:
    ///   - model: that writes.
    ///   - capacity: how many texts to write at once. The device has memory for as many.
    public init(_ model: LanguageModel, capacity: Int = 64) {
        precondition(capacity > 0, "a batcher of \(capacity) texts")
        self.model = model
        self.capacity = capacity
    }

    // MARK: Readers

    /// The next piece of a text, which begins with the first call. Waits until there is one.
    func next(of request: BatchedRequest) async throws -> BatchedWriter.Answer {
        let writer = try writer(of: request)
        if let answer = takeAnswer(of: writer) {
            schedule()
            return try answer.get()
        }
        return try await withCheckedThrowingContinuation { reader in
            precondition(writer.reader == nil, "two tasks read the same text")
            writer.reader = reader
            schedule()
        }
    }

    /// Ends a text that nobody reads any more.
    func forget(_ request: BatchedRequest) {
        guard let writer = writers[ObjectIdentifier(request)] else { return }
        end(writer, CancellationError())
        deliver()
        writers[ObjectIdentifier(request)] = nil
        schedule()
    }

    private func writer(of request: BatchedRequest) throws -> BatchedWriter {
        if let writer = writers[ObjectIdentifier(request)] { return writer }
        if request.isCancelled.load(ordering: .relaxed) { throw CancellationError() }
        let writer = try BatchedWriter(request, model.vocabulary)
        writers[ObjectIdentifier(request)] = writer
        wait(writer, nil)
        return writer
    }

    private func takeAnswer(of writer: BatchedWriter) -> Result<BatchedWriter.Answer, any Error>? {
        guard let answer = writer.takeAnswer() else { return nil }
        if case .success(let answer) = answer, answer.end == nil {
            // There is room for more.
            if case .aside(let session) = writer.place { wait(writer, session) }
        } else {
            writers[ObjectIdentifier(writer.request)] = nil
        }
        return answer
    }

    /// Gives the readers that wait what there is for them.
    private func deliver() {
        for writer in writers.values {
            guard let reader = writer.reader, let answer = takeAnswer(of: writer) else { continue }
            writer.reader = nil
            reader.resume(with: answer)
        }
    }

    // MARK: Work

    /// Sees to it that the work goes on, when there is some. In between whoever waits for this actor has his turn.
    private func schedule() {
        guard !isScheduled, !line.isEmpty || tables.contains(where: \.goesOn) else { return }
        isScheduled = true
        Task { work() }
    }

    private func work() {
        let end = ContinuousClock.now + Self.burst
        repeat { admit() } while write(until: end)
        deliver()
        isScheduled = false
        schedule()
    }

    /// Has the tables write side by side, until then or until there is room for those who wait. Where somebody else has the
    /// threads, each writes a step, one after the other. Says whether there is time to go on.
    private func write(until end: ContinuousClock.Instant) -> Bool {
        let pause = BatcherPause(isWanted: !line.isEmpty)
        nonisolated(unsafe) let busy = tables.filter(\.goesOn)
        busy.first?.backend.onHost(busy.count, grain: 1) { part in
            let end = busy.count == 1 || ThreadTeam.isAtWork ? end : .now
            for index in part { busy[index].write(until: end, pausing: pause) }
        }
        if let failure = busy.lazy.compactMap(\.failure).first { close(failure) }
        return .now < end && tables.contains(where: \.goesOn)
    }

    // MARK: Rows

    /// Gives rows to those who wait, as long as there are some.
    private func admit() {
        for table in tables { table.clear() }
        if tables.contains(where: { !$0.isCurrent }) { close(ChangedModelError.session) }
        // Those who are set aside for them have their turn later.
        let waiting = line
        line = []
        for (index, writer) in waiting.enumerated() {
            guard !writer.isCancelled, case .line(let session) = writer.place else { continue }
            do {
                if tables.isEmpty { tables = try model.makeSessionGroups(capacity: capacity).map(BatcherTable.init) }
                guard let table = makeRoom() else {
                    line = waiting[index...] + line
                    return
                }
                try table.seat(writer, session)
            } catch {
                end(writer, error)
            }
        }
    }

    /// A table with a free row; nil when no text has had a long turn. Four texts take little more time than one, so that many
    /// stay together as long as there are few.
    private func makeRoom() -> BatcherTable? {
        let free = tables.filter { !$0.isFull }
        if let table = free.first(where: { $0.texts.count < Deal.hand })
            ?? free.min(by: { $0.texts.count < $1.texts.count })
        {
            return table
        }
        let maySetAside: [(BatchedWriter) -> Bool] = [{ !$0.goesOn }, { $0.turn >= Self.turn }]
        for condition in maySetAside {
            for table in tables {
                guard let text = table.texts.first(where: condition) else { continue }
                setAside(text, of: table)
                return table
            }
        }
        return nil
    }

    private func wait(_ writer: BatchedWriter, _ session: Session?) {
        writer.place = .line(session)
        line.append(writer)
    }

    /// Takes the row of a text that will go on later.
    private func setAside(_ writer: BatchedWriter, of table: BatcherTable) {
        do {
            let session = try table.session(of: writer)
            table.leave(writer)
            if writer.goesOn { wait(writer, session) } else { writer.place = .aside(session) }
        } catch {
            end(writer, error)
        }
    }

    /// Ends all texts that have rows, of whose tables nothing is to be expected any more.
    private func close(_ error: any Error) {
        for table in tables { for text in table.texts { end(text, error) } }
        tables = []
    }

    private func end(_ writer: BatchedWriter, _ error: any Error) {
        writer.fail(error)
        for table in tables { table.leave(writer) }
        writer.place = .over
    }
}
