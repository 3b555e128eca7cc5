/// What the processes of a run tell one another beside each step's gradient, and so without a wait of its own.
struct StepNews {
    /// Whether one of them wants to end.
    let isCancelled: Bool
    /// How long the run has lasted, by the first one's clock.
    let seconds: Double
    /// Whether a checkpoint is due, by the first one's clock and disk.
    let isDue: Bool

    init(isCancelled: Bool, seconds: Double, isDue: Bool) {
        self.isCancelled = isCancelled
        self.seconds = seconds
        self.isDue = isDue
    }

    /// What all know, of what each has told: the ``numbers`` of its own.
    init(_ told: [[Float]]) {
        isCancelled = told.contains { $0[0] == 1 }
        seconds = Double(told[0][1])
        isDue = told[0][2] == 1
    }

    /// As they travel.
    var numbers: [Float] { [isCancelled ? 1 : 0, Float(seconds), isDue ? 1 : 0] }
}
