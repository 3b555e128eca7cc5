import CharRNN

/// What a picture of runs shows, however it is drawn: numbers in the units of its axes, and words.
struct LossChart {
    struct Point {
        var x, y: Double
    }

    /// A stretch of a curve that is too narrow for more than one place.
    struct Bin {
        var x, mean, low, high: Double
    }

    struct Run {
        let name: String
        let training, gradientNorm, learningRate: [Point]
        let validation: [Point]
        let best: Point?
        /// "best 1.5369 at 2,000", or "none yet".
        let words: String
    }

    let runs: [Run]
    let xTitle: String
    let right: Double
    /// The losses from the bottom of the picture to its top. Of a long run the steep beginning is above it.
    let lossRange: (low: Double, high: Double)

    init(_ curves: [RunCurve], by axis: PlotAxis) {
        let last =
            curves.flatMap { curve in
                ((curve.steps.last.map { [$0.iteration] } ?? []) + curve.validations.map(\.iteration)).map {
                    curve.position($0, by: axis)
                }
            }.max() ?? 1
        let (unit, title) = Self.unit(axis, last)
        xTitle = title
        right = max(last / unit, 1e-9)
        runs = curves.map { curve in
            func points(_ value: (RunCurve.Step) -> Double?) -> [Point] {
                curve.steps.compactMap { step in
                    guard let y = value(step), y.isFinite else { return nil }
                    let x =
                        axis == .time ? step.seconds / unit : curve.position(step.iteration, by: axis) / unit
                    return Point(x: x, y: y)
                }
            }
            func point(_ validation: RunCurve.Validation) -> Point {
                Point(x: curve.position(validation.iteration, by: axis) / unit, y: validation.loss)
            }
            let best = curve.best.map(point)
            return Run(
                name: Self.short(curve.name), training: points { $0.loss },
                gradientNorm: points { $0.gradientNorm.flatMap { $0 > 0 ? $0 : nil } },
                learningRate: points { $0.learningRate }, validation: curve.validations.map(point), best: best,
                words: best.map {
                    "best \(fixed($0.y, 4)) at \(axis == .time ? fixed($0.x, 1) : PlotText.number($0.x))"
                } ?? "none yet")
        }
        lossRange = Self.range(of: runs, right)
    }

    /// A unit in which the numbers are short, and the words for the axis.
    private static func unit(_ axis: PlotAxis, _ last: Double) -> (Double, String) {
        switch axis {
        case .iteration: (1, "iteration")
        case .characters: (1, "characters learned from")
        case .time: last < 300 ? (1, "seconds") : last < 3 * 3600 ? (60, "minutes") : (3600, "hours")
        }
    }

    private static func range(of runs: [Run], _ right: Double) -> (low: Double, high: Double) {
        let late = runs.flatMap { $0.training.filter { $0.x >= right * 0.04 }.map(\.y) }
        let losses = runs.flatMap { $0.validation.map(\.y) } + late
        let all = losses.isEmpty ? runs.flatMap { $0.training.map(\.y) } : losses
        let (low, high) = (all.min() ?? 0, all.max() ?? 1)
        let room = max((high - low) * 0.06, 0.01)
        return (max(0, low - room), high + room)
    }

    /// The end of a path, which tells runs apart.
    private static func short(_ name: String) -> String {
        let name = printable(line: name)
        return name.count > 30 ? "…" + name.suffix(29) : name
    }

    /// At most `count` stretches of equal width, those without a point left out.
    func bins(_ points: [Point], _ count: Int) -> [Bin] {
        var result: [Bin] = []
        var (place, number) = (-1, 0.0)
        for point in points {
            let next = min(Int(point.x / right * Double(count)), count - 1)
            if next == place, points.count > count {
                number += 1
                let last = result.count - 1
                result[last].x += (point.x - result[last].x) / number
                result[last].mean += (point.y - result[last].mean) / number
                result[last].low = min(result[last].low, point.y)
                result[last].high = max(result[last].high, point.y)
            } else {
                (place, number) = (next, 1)
                result.append(Bin(x: point.x, mean: point.y, low: point.y, high: point.y))
            }
        }
        return result
    }
}
