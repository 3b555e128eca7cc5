import OpenCLCompute
import Synchronization

/// Those texts of a ``Batcher`` that one thread writes, step by step, without waiting for the others.
final class BatcherTable {
    /// Which have a row each.
    private(set) var texts: [BatchedWriter] = []
    /// What has ended the work, if anything has.
    private(set) var failure: (any Error)?
    private let group: SessionGroup

    init(_ group: SessionGroup) { self.group = group }

    var backend: any Backend { group.model.backend }
    var isFull: Bool { texts.count == group.capacity }
    /// Whether a text could go on.
    var goesOn: Bool { texts.contains(where: \.goesOn) }
    /// Whether the model still has the parameters with which all was read.
    var isCurrent: Bool { group.isCurrent }

    // MARK: Rows

    /// - Parameter session: what the text has read; nil where that is nothing.
    func seat(_ text: BatchedWriter, _ session: Session?) throws {
        precondition(!isFull, "\(texts.count) texts at a table for as many")
        text.take(try group.join(session ?? group.makeSession()))
        texts.append(text)
    }

    /// A session that has read what the text has.
    func session(of text: BatchedWriter) throws -> Session { try group.session(of: row(of: text)) }

    private func row(of text: BatchedWriter) -> SessionGroup.Row {
        guard case .row(let row) = text.place else { preconditionFailure("a text without a row") }
        return row
    }

    /// Frees the row of a text, if it is one of these.
    func leave(_ text: BatchedWriter) {
        guard let index = texts.firstIndex(where: { $0 === text }) else { return }
        group.leave(row(of: text))
        texts.remove(at: index)
        text.place = .over
    }

    /// Has the texts leave that have ended; says whether there were any.
    @discardableResult
    func clear() -> Bool {
        guard texts.contains(where: { $0.isCancelled || $0.hasEnded }) else { return false }
        for text in texts where text.isCancelled { text.fail(CancellationError()) }
        let ended = texts.filter(\.hasEnded)
        ended.forEach(leave)
        return true
    }

    // MARK: Work

    /// Writes a step, and more until then, until there is a pause, or until nothing can go on.
    func write(until end: ContinuousClock.Instant, pausing pause: BatcherPause) {
        repeat {
            step()
            if clear() { pause.come() }
        } while goesOn && failure == nil && !pause.hasCome && .now < end
    }

    /// One step of all texts that can go on.
    private func step() {
        do { try group.feed(draw()) } catch let error as BrokenModelError {
            // The others have got their numbers.
            for text in texts where group.isBroken(row(of: text)) { text.fail(error) }
        } catch { failure = error }
    }

    /// The next token of each text that goes on, drawn side by side where other threads have nothing to do.
    private func draw() -> some Sequence<(SessionGroup.Row, Int)> {
        var drawn = [(SessionGroup.Row, Int)?](repeating: nil, count: texts.count)
        drawn.withUnsafeMutableBufferPointer { drawn in
            nonisolated(unsafe) let (drawn, table) = (drawn, self)
            backend.onHost(texts.count, grain: 8) { part in
                for index in part {
                    let text = table.texts[index]
                    guard text.goesOn else { continue }
                    let row = table.row(of: text)
                    let (next, recent) = table.group.expectation(of: row)
                    drawn[index] = text.advance(expecting: next, recent: recent).map { (row, $0) }
                }
            }
        }
        return drawn.lazy.compactMap(\.self)
    }
}

/// What one table tells the others: that a row is free, so that all pause for those who wait.
final class BatcherPause: Sendable {
    private let isWanted: Bool
    private let isHere = Atomic(false)

    /// - Parameter isWanted: whether somebody waits.
    init(isWanted: Bool) { self.isWanted = isWanted }

    var hasCome: Bool { isHere.load(ordering: .relaxed) }
    func come() { if isWanted { isHere.store(true, ordering: .relaxed) } }
}
