/// The search for what is fastest on a GPU: choice by choice, each with the best of those before.
///
/// CLBlast's own tuner times single kernels on sizes of its choice and believes their results. This one is given the
/// work that counts, and what is to be told of it: how long it takes, or that it went wrong.
public struct TuningSearch {
    /// As in ``GPUTuning``.
    public typealias Parameters = GPUTuning.Parameters

    /// The figures of one attempt.
    public struct Attempt {
        /// From 1.
        public let number: Int
        /// How many there may be.
        public let count: Int
        /// What differs from the best of the stages before, "XgemmDirect WGD=32 …".
        public let description: String
        /// Nil for parameters that failed.
        public let seconds: Double?
        /// Of the best so far, this attempt included.
        public let bestSeconds: Double
    }

    /// Parameters must be faster by this factor to be preferred: less is noise.
    public static let gain = 0.97

    private let stages: [[Parameters]]
    private let start: Parameters

    /// A search for layers of a cell with so many units.
    ///
    /// - Parameters:
    ///   - tuning: of the device.
    ///   - start: what it begins with, as ``GPUTuning/current()`` tells.
    ///   - cell: of the layers.
    ///   - hiddenSize: the units of a layer.
    public init(_ tuning: GPUTuning, from start: Parameters, for cell: RecurrentCell, hiddenSize: Int) {
        let sequences = tuning.sequenceChoices(cell, hiddenSize: hiddenSize, in: start)
        let switches = Self.switches.map { GPUTuning.tiled(fromEdge: $0) }
        self.init(
            from: start,
            stages: [
                sequences, switches, Self.direct(tuning).map { ["XgemmDirect": $0] },
                Self.tiled(tuning).map { ["Xgemm": $0] }, switches, sequences,
            ])
    }

    package init(from start: Parameters, stages: [[Parameters]]) {
        self.start = start
        self.stages = stages
    }

    /// - Parameters:
    ///   - measure: the seconds of the work with all these parameters; throws when they cannot be built or err.
    ///   - isOver: asked before each attempt.
    ///   - report: told of each attempt.
    /// - Returns: the fastest parameters, the start's where nothing is faster, and their seconds beside the start's.
    /// - Throws: what `measure` throws for the start.
    public func run(
        measure: (Parameters) throws -> Double, isOver: () -> Bool = { false }, report: (Attempt) -> Void = { _ in }
    ) throws -> (parameters: Parameters, seconds: Double, startSeconds: Double) {
        let startSeconds = try measure(start)
        var (best, bestSeconds) = (start, startSeconds)
        let count = stages.reduce(0) { $0 + $1.count }
        var number = 0
        search: for stage in stages {
            let before = best
            for change in stage {
                if isOver() { break search }
                number += 1
                let candidate = before.merging(change) { $1 }
                let seconds = candidate == best ? bestSeconds : try? measure(candidate)
                if let seconds, seconds < Self.gain * bestSeconds { (best, bestSeconds) = (candidate, seconds) }
                report(
                    Attempt(
                        number: number, count: count, description: Self.difference(of: change, from: before),
                        seconds: seconds, bestSeconds: bestSeconds))
            }
        }
        guard best != start else { return (start, startSeconds, startSeconds) }
        // Once more, side by side: a machine that became faster in the meantime is no merit of the parameters.
        let seconds = try measure(best)
        let startAgain = try measure(start)
        return seconds < Self.gain * startAgain ? (best, seconds, startAgain) : (start, startAgain, startAgain)
    }

    private static func difference(of change: Parameters, from before: Parameters) -> String {
        let kernels = change.map { kernel, values in
            let new = values.filter { before[kernel]?[$0.key] != $0.value }.sorted { $0.key < $1.key }
            return ([kernel] + new.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
        }
        return kernels.joined(separator: ", ")
    }

    // MARK: Candidates

    /// Edges of a cube from which on the tiled kernel is taken: always, for all but the products of time steps of small
    /// or of large layers, hardly ever, never.
    private static let switches = [1, 200, 400, 1000, 1 << 16]

    /// Tiles of WGD × WGD by groups of edge × edge, vectors of VW: what divides, and what a group can hold.
    private static func direct(_ tuning: GPUTuning) -> [[String: Int]] {
        tiles([16, 32, 64]).compactMap { tile, edge, width in
            // Two tiles in local memory, padded by a column.
            guard edge * edge <= tuning.info.maxWorkGroupSize, 8 * tile * (tile + 1) <= tuning.info.localMemory else {
                return nil
            }
            return [
                "WGD": tile, "MDIMCD": edge, "NDIMCD": edge, "MDIMAD": edge, "NDIMBD": edge, "KWID": 2, "VWMD": width,
                "VWND": width, "PADA": 1, "PADB": 1,
            ]
        }
    }

    /// The same for tiles of MWG × NWG over KWG of the sum, with and without local memory.
    private static func tiled(_ tuning: GPUTuning) -> [[String: Int]] {
        let depth = 16
        return tiles([32, 64, 128]).flatMap { tile, edge, width in
            [0, 1].compactMap { local in
                guard edge * edge <= tuning.info.maxWorkGroupSize, local * 8 * tile * depth <= tuning.info.localMemory
                else {
                    return nil
                }
                return [
                    "GEMMK": 0, "KREG": 1, "MWG": tile, "NWG": tile, "KWG": depth, "KWI": 2, "MDIMC": edge,
                    "NDIMC": edge, "MDIMA": edge, "NDIMB": edge, "VWM": width, "VWN": width, "SA": local, "SB": local,
                    "STRM": 0, "STRN": 0,
                ]
            }
        }
    }

    /// One of those that suits most GPUs.
    static func ordinaryTile(_ tuning: GPUTuning) -> [String: Int]? {
        tiled(tuning).last { $0["MWG"] == 64 && $0["VWM"] == 2 && $0["SA"] == 1 }
    }

    private static func tiles(_ sizes: [Int]) -> [(tile: Int, edge: Int, width: Int)] {
        sizes.flatMap { tile in
            [8, 16].flatMap { edge in
                [1, 2, 4].filter { tile % (edge * $0) == 0 }.map { (tile, edge, $0) }
            }
        }
    }
}
