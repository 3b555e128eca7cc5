import CharRNNFiles
import FoundationEssentials

/// Writes what happens in a run into an event file, which TensorBoard shows while the run trains.
///
/// ```swift
/// let log = try TensorBoardLog(in: folder, continuingAt: run.firstIteration)
/// try run.run { log.record($0) }
/// ```
/// TensorBoard calls a run what lies in one folder: give each run its own, and a run that is continued the same one again.
/// Steps that are taken a second time replace those of the first time.
///
/// The scalars are `loss/training`, `loss/validation` and `loss/test` (nats per character), `learning_rate`,
/// `gradient_norm` and `characters_per_second`. Each event is in the file when ``record(_:)`` returns.
public final class TensorBoardLog {
    private let file: EventFile
    private let time: () -> Double
    private var iteration: Int
    private var isFailing = false

    /// Makes a new file in the folder, and the folder where it is not there.
    ///
    /// - Parameters:
    ///   - folder: of the run.
    ///   - iteration: the steps taken before; ``TrainingRun/firstIteration``.
    /// - Throws: `FileError`.
    public convenience init(in folder: URL, continuingAt iteration: Int = 0) throws {
        try self.init(in: folder, continuingAt: iteration) { Date.now.timeIntervalSince1970 }
    }

    /// - Parameter time: what time it is, in seconds since 1970.
    package init(in folder: URL, continuingAt iteration: Int, time: @escaping () -> Double) throws {
        file = try EventFile(in: folder, time: time())
        self.time = time
        self.iteration = iteration
        try file.append(event(step: 0) { $0.add(Field.Event.fileVersion, "brain.Event:2") })
        try file.append(start())
    }

    /// Writes what an event has to show. A disk that takes no more costs the record: training is worth more.
    ///
    /// - Returns: why it is missing, for the first of those that are.
    @discardableResult
    public func record(_ event: TrainingEvent) -> FileError? {
        switch event {
        case .step(let step):
            iteration = step.iteration
            return append([
                scalar("loss/training", step.loss), scalar("gradient_norm", step.gradientNorm),
                scalar("learning_rate", Double(step.learningRate)),
                scalar("characters_per_second", step.charactersPerSecond),
            ])
        case .validation(let validation):
            iteration = validation.iteration
            return append([scalar("loss/validation", validation.loss)])
        case .test(let loss): return append([scalar("loss/test", loss)])
        case .rollback(let rollback):
            iteration = rollback.goodIteration
            return append(start())
        case .sample(let sample): return record(sample.text, as: "sample", at: sample.iteration)
        case .evaluating, .learningRate, .checkpoint, .warning, .end: return nil
        }
    }

    /// Writes a text, such as a sample of what the model writes at a step, under a name.
    ///
    /// - Returns: as ``record(_:)``.
    @discardableResult
    public func record(_ text: String, as name: String, at iteration: Int) -> FileError? {
        self.iteration = iteration
        return append([textValue(name, text)])
    }

    // MARK: Messages

    /// Says that a session begins: what the folder has of its steps and later ones is no longer true. Readers of several
    /// files believe it only when the first session has it too.
    private func start() -> ProtobufMessage {
        event(step: iteration + 1) { event in
            var session = ProtobufMessage()
            session.add(Field.SessionLog.status, 1)
            event.add(Field.Event.sessionLog, session)
        }
    }

    private func event(step: Int, _ fill: (inout ProtobufMessage) -> Void) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.add(Field.Event.wallTime, time())
        event.add(Field.Event.step, step)
        fill(&event)
        return event
    }

    private func scalar(_ tag: String, _ value: Double) -> ProtobufMessage {
        var message = ProtobufMessage()
        message.add(Field.Value.tag, tag)
        message.add(Field.Value.simpleValue, Float(value))
        return message
    }

    /// A vector of one string, marked as belonging to the plugin for texts.
    private func textValue(_ tag: String, _ text: String) -> ProtobufMessage {
        var plugin = ProtobufMessage()
        plugin.add(Field.PluginData.name, "text")
        var metadata = ProtobufMessage()
        metadata.add(Field.Metadata.pluginData, plugin)
        metadata.add(Field.Metadata.dataClass, 2)
        var dimension = ProtobufMessage()
        dimension.add(Field.Dimension.size, 1)
        var shape = ProtobufMessage()
        shape.add(Field.Shape.dimension, dimension)
        var tensor = ProtobufMessage()
        tensor.add(Field.Tensor.type, 7)
        tensor.add(Field.Tensor.shape, shape)
        tensor.add(Field.Tensor.string, text)
        var message = ProtobufMessage()
        message.add(Field.Value.tag, tag)
        message.add(Field.Value.tensor, tensor)
        message.add(Field.Value.metadata, metadata)
        return message
    }

    private func append(_ values: [ProtobufMessage]) -> FileError? {
        append(
            event(step: iteration) { event in
                var summary = ProtobufMessage()
                for value in values { summary.add(Field.Summary.value, value) }
                event.add(Field.Event.summary, summary)
            })
    }

    private func append(_ event: ProtobufMessage) -> FileError? {
        do {
            try file.append(event)
            isFailing = false
            return nil
        } catch {
            defer { isFailing = true }
            return isFailing ? nil : error as? FileError
        }
    }

    /// The numbers of the fields in TensorBoard's event.proto, summary.proto, tensor.proto and tensor_shape.proto.
    private enum Field {
        enum Event {
            static let wallTime: UInt64 = 1
            static let step: UInt64 = 2
            static let fileVersion: UInt64 = 3
            static let summary: UInt64 = 5
            static let sessionLog: UInt64 = 7
        }
        enum SessionLog {
            static let status: UInt64 = 1
        }
        enum Summary {
            static let value: UInt64 = 1
        }
        enum Value {
            static let tag: UInt64 = 1
            static let simpleValue: UInt64 = 2
            static let tensor: UInt64 = 8
            static let metadata: UInt64 = 9
        }
        enum Metadata {
            static let pluginData: UInt64 = 1
            static let dataClass: UInt64 = 4
        }
        enum PluginData {
            static let name: UInt64 = 1
        }
        enum Tensor {
            static let type: UInt64 = 1
            static let shape: UInt64 = 2
            static let string: UInt64 = 8
        }
        enum Shape {
            static let dimension: UInt64 = 2
        }
        enum Dimension {
            static let size: UInt64 = 1
        }
    }
}
