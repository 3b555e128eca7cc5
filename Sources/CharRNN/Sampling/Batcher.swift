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
/// - Cancelling the task that reads a text, or leaving its loop, frees the row within one step.
///
/// It computes on a thread of its own. When the model is trained in between, the texts that are being written throw
/// ``ChangedModelError``.
public actor Batcher {
    /// Which writes for all.
    public nonisolated let model: LanguageModel
    /// How many texts are written at once.
    public nonisolated let capacity: Int

    private let thread = ActorThread(name: "CharRNN.Batcher")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private var group: SessionGroup?
    private var writers: [ObjectIdentifier: BatchedWriter] = [:]
    /// Those that have a row.
    private var seated: [BatchedWriter] = []
    /// Those that wait for one, the next one first.
    private var line: ArraySlice<BatchedWriter> = []
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
        guard !isScheduled, !line.isEmpty || seated.contains(where: \.goesOn) else { return }
        isScheduled = true
        Task { work() }
    }

    private func work() {
        let start = ContinuousClock.now
        repeat {
            makeRoom()
            admit()
        } while step() && start.duration(to: .now) < Self.burst
        makeRoom()
        deliver()
        isScheduled = false
        schedule()
    }

    /// One step of all texts that can go on; false when there is none.
    private func step() -> Bool {
        guard let group else { return false }
        let writing = seated.filter(\.goesOn)
        do {
            try group.feed(Self.draw(writing, group))
        } catch {
            for writer in seated { end(writer, error) }
            self.group = nil
        }
        return !writing.isEmpty
    }

    /// The next token of each text that has not ended, drawn side by side where there are many.
    private static func draw(_ writing: [BatchedWriter], _ group: SessionGroup) -> [(SessionGroup.Row, Int)] {
        var drawn = [(SessionGroup.Row, Int)?](repeating: nil, count: writing.count)
        drawn.withUnsafeMutableBufferPointer { drawn in
            nonisolated(unsafe) let (drawn, writing, group) = (drawn, writing, group)
            group.model.backend.onHost(writing.count, grain: 8) { part in
                for index in part {
                    let writer = writing[index]
                    guard case .row(let row) = writer.place else { preconditionFailure("a text without a row") }
                    drawn[index] = writer.advance(expecting: group.next(of: row), recent: group.recent(of: row))
                        .map { (row, $0) }
                }
            }
        }
        return drawn.compactMap(\.self)
    }

    // MARK: Rows

    /// Has the texts leave that have ended.
    private func makeRoom() {
        if let group, !group.isCurrent {
            for writer in seated { end(writer, ChangedModelError.session) }
            self.group = nil
        }
        for writer in seated where writer.isCancelled { end(writer, CancellationError()) }
        for writer in seated where writer.hasEnded { leave(writer) }
    }

    /// Gives rows to those who wait, as long as there are some.
    private func admit() {
        while let writer = line.first {
            guard !writer.isCancelled, case .line(let session) = writer.place else {
                line.removeFirst()
                continue
            }
            if seated.count == capacity {
                guard let other = seated.first(where: { !$0.goesOn }) ?? seated.first(where: { $0.turn >= Self.turn })
                else { return }
                setAside(other)
            }
            line.removeFirst()
            do {
                let group = try self.group ?? model.makeSessionGroup(capacity: capacity)
                self.group = group
                writer.take(try group.join(try session ?? model.makeSession()))
                seated.append(writer)
            } catch {
                end(writer, error)
            }
        }
    }

    private func wait(_ writer: BatchedWriter, _ session: Session?) {
        writer.place = .line(session)
        line.append(writer)
    }

    /// Takes the row of a text that will go on later.
    private func setAside(_ writer: BatchedWriter) {
        guard let group, case .row(let row) = writer.place else { return }
        do {
            let session = try group.session(of: row)
            leave(writer)
            if writer.goesOn { wait(writer, session) } else { writer.place = .aside(session) }
        } catch {
            end(writer, error)
        }
    }

    private func end(_ writer: BatchedWriter, _ error: any Error) {
        writer.fail(error)
        leave(writer)
    }

    /// Gives back the row, if there is one.
    private func leave(_ writer: BatchedWriter) {
        if case .row(let row) = writer.place {
            group?.leave(row)
            seated.removeAll { $0 === writer }
        }
        writer.place = .over
    }
}
