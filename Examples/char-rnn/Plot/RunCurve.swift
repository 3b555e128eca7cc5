import CharRNN
import FoundationEssentials
import Glibc

/// What is drawn of a run.
struct RunCurve {
    struct Step {
        let iteration: Int
        let loss: Double
        let gradientNorm: Double?
        let learningRate: Double
        /// All steps so far.
        let seconds: Double
    }

    struct Validation {
        let iteration: Int
        let loss: Double
    }

    var name: String
    private(set) var steps: [Step] = []
    private(set) var validations: [Validation] = []
    private let charactersPerStep: Double

    /// The lowest validation loss, the earliest of equals.
    var best: Validation? { validations.min { $0.loss < $1.loss } }

    /// Where an iteration lies on the axis.
    func position(_ iteration: Int, by axis: PlotAxis) -> Double {
        switch axis {
        case .iteration: return Double(iteration)
        case .characters: return Double(iteration) * charactersPerStep
        case .time:
            guard let next = steps.firstIndex(where: { $0.iteration >= iteration }) else {
                return steps.last?.seconds ?? 0
            }
            // Between two reported steps time goes by evenly.
            let before = next > 0 ? (steps[next - 1].iteration, steps[next - 1].seconds) : (0, 0)
            let share = Double(iteration - before.0) / Double(max(1, steps[next].iteration - before.0))
            return before.1 + share * (steps[next].seconds - before.1)
        }
    }
}

extension RunCurve {
    /// The runs of a folder.
    ///
    /// - Throws: ``Failure`` when there is nothing to draw; `FileError`.
    static func all(in path: String) throws -> [RunCurve] {
        let advice = "name a folder that char-rnn train has written into"
        guard CheckpointChoice.isFolder(path) else {
            let isThere = access(FileName.cString(path), F_OK) == 0
            throw Failure("\(path) is \(isThere ? "no folder" : "not there"); \(advice)")
        }
        let file = "\(path)/\(TrainingHistory.fileName)"
        guard access(FileName.cString(file), F_OK) == 0 else {
            throw Failure("\(path) has no \(TrainingHistory.fileName); \(advice)")
        }
        let history = try TrainingHistory(in: URL(named: path, isFolder: true))
        let (runs, others) = (history.runs, history.otherLines)
        guard !runs.isEmpty else {
            throw Failure(
                others.first.map {
                    "there is no run to draw in \(file): its line \($0) was not written by char-rnn train, or "
                        + "the line that began its run is missing; \(advice)"
                } ?? "\(file) has no whole line; char-rnn train writes one after its first step")
        }
        if let first = others.first {
            let more = others.count > 1 ? " and \(others.count - 1) more of its lines are" : " is"
            Console.note("note: line \(first) of \(file)\(more) damaged and left out")
        }
        var curves = runs.map { RunCurve($0, name: path) }.filter { !$0.steps.isEmpty || !$0.validations.isEmpty }
        guard !curves.isEmpty else {
            throw Failure("the run in \(path) has reported no step yet; try again in a moment")
        }
        if curves.count > 1 { for index in curves.indices { curves[index].name += " (\(index + 1))" } }
        return curves
    }

    private init(_ run: TrainingHistory.Run, name: String) {
        self.name = name
        charactersPerStep = Double(run.start.batchSize) * Double(run.start.sequenceLength)
        for line in run.lines { add(line) }
    }

    private mutating func add(_ line: TrainingHistory.Line) {
        if line.iteration < max(steps.last?.iteration ?? 0, validations.last?.iteration ?? 0) {
            // The run went back, and takes these steps a second time.
            steps.removeAll { $0.iteration > line.iteration }
            validations.removeAll { $0.iteration > line.iteration }
        }
        if let loss = line.loss, loss.isFinite {
            let last = steps.last
            let seconds = (line.secondsPerBatch ?? 0) * Double(line.iteration - (last?.iteration ?? 0))
            steps.append(
                Step(
                    iteration: line.iteration, loss: loss, gradientNorm: line.gradNorm,
                    learningRate: Double(line.learningRate), seconds: (last?.seconds ?? 0) + seconds))
        }
        if let loss = line.validationLoss, loss.isFinite {
            validations.append(Validation(iteration: line.iteration, loss: loss))
        }
    }
}
